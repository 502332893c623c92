//! The exam at the end of each chapter: what its answers say is recomputed, and the notebook is read for the same
//! words.
//!
//! A number of two digits or more, or with a decimal point, that no test has asserted is an error: text and tests
//! cannot drift apart.

mod first_chapters;
mod later_chapters;

/// The three questions of a chapter with their answers, as one line each, and what of them has been asserted.
struct Exam {
    questions: [String; 3],
    asserted: Vec<(usize, String)>,
}

impl Exam {
    /// The question, counted from 1, or its answer says this.
    fn says(&mut self, question: usize, words: &str) {
        let text = &self.questions[question - 1];
        assert!(text.contains(words), "question {question} does not say {words}:\n{text}");
        self.asserted.push((question - 1, words.to_owned()));
    }

    /// It says this number, and that is the value to as many decimals.
    fn rounds(&mut self, question: usize, value: f64, printed: &str) {
        let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        assert_eq!(format!("{value:.decimals$}"), printed, "question {question}");
        self.says(question, printed);
    }
}

/// Reads the exam of a notebook and holds the test of it, which must leave no number out.
fn exam(notebook: &str, test: impl FnOnce(&mut Exam)) {
    let path = format!("{}/../../notebooks/{notebook}.ipynb", env!("CARGO_MANIFEST_DIR"));
    let notebook: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap().iter().map(|cell| {
        let lines = cell["source"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        lines.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    });
    let mut exams = cells.filter(|cell| cell.starts_with("## Three questions for an exam"));
    let text = exams.next().unwrap();
    let parts = ["**1.**", "**2.**", "**3.**", "\0"].map(|mark| text.find(mark).unwrap_or(text.len()));
    let questions = [0, 1, 2].map(|at| text[parts[at]..parts[at + 1]].to_owned());
    assert!(questions.iter().all(|question| question.contains("<summary>Answer</summary>")), "{text}");
    let mut exam = Exam { questions, asserted: Vec::new() };
    test(&mut exam);
    // The longest first, so that none takes a part out of another.
    exam.asserted.sort_by_key(|(_, words)| std::cmp::Reverse(words.len()));
    for (at, words) in &exam.asserted {
        exam.questions[*at] = exam.questions[*at].replace(words, " … ");
    }
    for (at, left) in exam.questions.iter().enumerate() {
        assert_eq!(numbers(left), [""; 0], "not asserted in question {}:\n{left}", at + 1);
    }
}

/// The numbers with two digits or more; the two digits of a `\frac12` are two numbers.
fn numbers(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|part| part.trim_matches('.'));
    let fraction = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        part.len() == 2 && text[..start].ends_with("\\frac")
    };
    parts.filter(|part| part.len() > 1 && !fraction(part)).collect()
}

#[test]
fn numbers_are_found_and_fractions_are_not() {
    assert_eq!(numbers("$x_1=0.5$, \\frac12 and \\frac1{20}, 10^{-307}."), ["0.5", "20", "10", "307"]);
}

#[test]
fn every_chapter_has_an_exam() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../notebooks");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let tests = concat!(include_str!("first_chapters.rs"), include_str!("later_chapters.rs"));
    let chapters = names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit()));
    let tested =
        chapters.map(|name| tests.contains(&format!("exam(\"{}\",", name.trim_end_matches(".ipynb"))));
    assert_eq!(tested.collect::<Vec<_>>(), [true; 13]);
}
