//! The marks in a text of a figure, as SVG: italics, subscripts, and mathematical signs in a font that has them.

use std::fmt::Write;

use crate::notebook::escaped;

/// Signs that the figures' first font lacks, or, as α in italics, draws as a Latin letter; and a font that has them:
/// left to itself, a renderer might set the whole text in whatever font it finds.
pub(crate) const MATHEMATICS: &str = "ℓ∂∈≤≥≈∥∞∇α";
const MATHEMATICS_FONTS: &str = "NewComputerModern Math,'STIX Two Math','Cambria Math',Georgia,serif";

/// `*k*` becomes italic, `_1` and `_{12}` become subscripts. A subscript moves down by a fifth of the
/// font's size, and what follows moves back up.
pub(super) fn marked_up(text: &str) -> String {
    let mut out = String::new();
    let (mut italic, mut raised) = (false, false);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '*' => {
                out.push_str(if italic { "</tspan>" } else { "<tspan font-style=\"italic\">" });
                italic = !italic;
            }
            '_' => {
                let (sub, after) = match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                    Some(parts) => parts,
                    None => rest.split_at(rest.chars().next().map_or(0, char::len_utf8)),
                };
                if raised {
                    out.push_str("</tspan>");
                }
                let _ = write!(out, "<tspan font-size=\"70%\" dy=\".28em\">{}</tspan>", marked_up(sub));
                // The step back up is in the units of the full size: .28 × 70 %.
                out.push_str(if after.is_empty() { "" } else { "<tspan dy=\"-.196em\">" });
                raised = !after.is_empty();
                rest = after;
            }
            symbol if MATHEMATICS.contains(symbol) => {
                let _ = write!(out, "<tspan font-family=\"{MATHEMATICS_FONTS}\">{symbol}</tspan>");
            }
            other => out.push_str(&escaped(&other.to_string())),
        }
    }
    for _ in 0..usize::from(raised) + usize::from(italic) {
        out.push_str("</tspan>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_stars_are_italic_and_underscores_lower() {
        assert_eq!(marked_up("*J* = 3"), "<tspan font-style=\"italic\">J</tspan> = 3");
        assert_eq!(
            marked_up("*x*_1!"),
            "<tspan font-style=\"italic\">x</tspan><tspan font-size=\"70%\" dy=\".28em\">1</tspan>\
             <tspan dy=\"-.196em\">!</tspan>"
        );
    }

    #[test]
    fn signs_that_xml_would_take_for_marks_are_written_out() {
        assert_eq!(marked_up("a < b & c"), "a &lt; b &amp; c");
        assert_eq!(marked_up("_<"), "<tspan font-size=\"70%\" dy=\".28em\">&lt;</tspan>");
    }
}
