//! From the SVG that plotters writes to the SVG that is published: a header for readers and screen
//! readers, italics and subscripts, and a third of the size.

use std::fmt::Write;

use super::canvas::SCALE;

/// The fonts that carry the exporters' letters come first, then what readers' systems have.
const FONTS: &str =
    "NewComputerModern,'New Computer Modern','Latin Modern Roman','STIX Two Text',Georgia,serif";

/// Signs that the first of these fonts lacks, and a font that has them: left to itself, a renderer might
/// set the whole text in whatever font it finds.
const MATHEMATICS: &str = "ℓ∂∈≤≥≈∥∞∇";
const MATHEMATICS_FONTS: &str = "NewComputerModern Math,'STIX Two Math','Cambria Math',Georgia,serif";

/// The one thing that plotters passes on with a text is its font; this name stands for letters with a rim.
pub(super) const RIMMED: &str = "rimmed";
const RIM: &str = " paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"30\"";

/// An element as plotters wrote it: its name, the attributes that place it, those that style it except
/// for the fill, the fill, and its text.
struct Shape {
    place: String,
    style: String,
    fill: String,
    name: &'static str,
    content: Option<String>,
}

/// Rewrites what plotters has drawn on a canvas of the given size in pixels.
///
/// Neighbours of one style share a group that carries it, paths are written in relative coordinates,
/// opacity is given to fills and strokes one by one (on a group it would mean something else), dots get a
/// white rim that keeps them apart.
pub(super) fn tidy(drawn: &str, width: f64, height: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" font-family=\"{FONTS}\" stroke-linejoin=\"round\" \
         stroke-linecap=\"round\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        width * SCALE,
        height * SCALE
    );
    let shapes: Vec<Shape> = shapes(drawn);
    let alike = |a: &Shape, b: &Shape| a.name == b.name && a.style == b.style;
    for run in shapes.chunk_by(alike) {
        let (fill, style) = (&run[0].fill, &run[0].style);
        let one_fill = run.iter().all(|shape| shape.fill == *fill);
        let shared = if one_fill { format!("{style}{fill}") } else { style.clone() };
        if run.len() > 1 {
            let _ = writeln!(svg, "<g{shared}>");
        }
        for Shape { name, place, fill, content, .. } in run {
            let own = match (run.len(), one_fill) {
                (1, _) => shared.as_str(),
                (_, true) => "",
                (_, false) => fill.as_str(),
            };
            let _ = match content {
                Some(text) => writeln!(svg, "<{name}{place}{own}>{text}</{name}>"),
                None => writeln!(svg, "<{name}{place}{own}/>"),
            };
        }
        if run.len() > 1 {
            svg.push_str("</g>\n");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Puts the title and the description at the start of an SVG document, where viewers look for them.
pub(super) fn with_words(svg: &str, title: &str, description: &str) -> String {
    let Some(header_end) = svg.find('>') else { return String::new() };
    let (header, drawing) = svg.split_at(header_end + 1);
    let mut words = String::new();
    for (tag, text) in [("title", title), ("desc", description)] {
        if !text.is_empty() {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(words, "\n<{tag}>{text}</{tag}>");
        }
    }
    format!("{header}{words}{drawing}")
}

fn shapes(drawn: &str) -> Vec<Shape> {
    let mut lines = drawn.lines();
    let mut shapes = Vec::new();
    while let Some(line) = lines.next() {
        let get = |attribute: &str| value(line, attribute).unwrap_or("");
        let colour = |attribute: &str| short_colour(get(attribute));
        let opacity = |attribute: &str| match get("opacity") {
            "1" => String::new(),
            share => format!(" {attribute}=\"{}\"", share.trim_start_matches('0')),
        };
        let fill = format!(" fill=\"{}\"", colour("fill"));
        let (width, size) = (get("stroke-width"), get("font-size"));
        shapes.push(match line.split([' ', '>']).next() {
            Some("<circle") => Shape {
                name: "circle",
                place: format!(" cx=\"{}\" cy=\"{}\" r=\"{}\"", get("cx"), get("cy"), get("r")),
                style: format!(" stroke=\"#fff\" stroke-width=\"4\"{}", opacity("fill-opacity")),
                fill,
                content: None,
            },
            Some("<polyline") => Shape {
                name: "path",
                place: format!(" d=\"{}\"", path(get("points"))),
                style: format!(
                    " stroke=\"{}\" stroke-width=\"{width}\"{}",
                    colour("stroke"),
                    opacity("stroke-opacity")
                ),
                fill,
                content: None,
            },
            Some("<polygon") => Shape {
                name: "path",
                place: format!(" d=\"{}z\"", path(get("points"))),
                style: opacity("fill-opacity"),
                fill,
                content: None,
            },
            Some("<text") => Shape {
                name: "text",
                place: format!(" x=\"{}\" y=\"{}\"", get("x"), get("y")),
                style: format!(
                    " font-size=\"{:.0}\" text-anchor=\"{}\"{}",
                    size.parse().unwrap_or(0.0f64),
                    get("text-anchor"),
                    if get("font-family") == RIMMED { RIM } else { "" }
                ),
                fill,
                content: lines.next().map(marked_up),
            },
            _ => continue,
        });
    }
    shapes
}

fn value<'a>(line: &'a str, attribute: &str) -> Option<&'a str> {
    let start = line.find(&format!(" {attribute}=\""))? + attribute.len() + 3;
    line[start..].split('"').next()
}

/// `#FFAA00` as `#fa0`, `#D55E00` as `#d55e00`.
fn short_colour(colour: &str) -> String {
    let colour = colour.to_lowercase();
    match colour.as_bytes() {
        [b'#', a, b, c, d, e, f] if a == b && c == d && e == f => {
            ['#', *a as char, *c as char, *e as char].iter().collect()
        }
        _ => colour,
    }
}

/// The points `x,y x,y …` as a path of relative steps, without the steps that go nowhere.
fn path(points: &str) -> String {
    let mut path = String::new();
    let mut here: Option<(i64, i64)> = None;
    for pair in points.split_whitespace() {
        let Some((x, y)) = pair.split_once(',') else { continue };
        let (Ok(x), Ok(y)) = (x.parse::<i64>(), y.parse::<i64>()) else { continue };
        match here {
            None => path = format!("M{x} {y}l"),
            Some((x0, y0)) if (x, y) != (x0, y0) => {
                let space = |number: i64| if number < 0 { "" } else { " " };
                let (dx, dy) = (x - x0, y - y0);
                let before = if path.ends_with('l') { "" } else { space(dx) };
                let _ = write!(path, "{before}{dx}{}{dy}", space(dy));
            }
            Some(_) => {}
        }
        here = Some((x, y));
    }
    path
}

/// `*k*` becomes italic, `_1` and `_{12}` become subscripts. A subscript moves down by a fifth of the
/// font's size, and what follows moves back up.
fn marked_up(text: &str) -> String {
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
            other => out.push(other),
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
    fn a_path_takes_relative_steps_and_skips_empty_ones() {
        assert_eq!(path("10,20 13,18 13,18 12,30 "), "M10 20l3-2-1 12");
    }

    #[test]
    fn words_are_escaped() {
        let svg = with_words("<svg>\n</svg>", "a < b", "R & D");
        assert_eq!(svg, "<svg>\n<title>a &lt; b</title>\n<desc>R &amp; D</desc>\n</svg>");
    }
}
