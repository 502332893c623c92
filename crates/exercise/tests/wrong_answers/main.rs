//! Mistakes that students make are refused, each by the law that it breaks, in that law's words.

/// `exercise, "words of the law": answer;` for the mistakes of a chapter, which are three at least.
macro_rules! refused {
    ($($exercise:ident, $law:literal: $answer:expr;)+) => {
        const { assert!([$($law),+].len() >= 3) };
        $(
            let verdict = exercise::$exercise($answer);
            let told = verdict.text().starts_with("Not yet: ") && verdict.text().contains($law);
            assert!(!verdict.is_right() && told, "{}\n{verdict}", stringify!($exercise: $answer));
        )+
    };
}

mod first_chapters;
mod later_chapters;
