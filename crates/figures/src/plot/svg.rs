//! plotters' drawing backend that writes the published SVG: groups of one style, relative paths, white rims, and a
//! header for readers and screen readers.

use std::{convert::Infallible, fmt::Write};

use plotters::style::Color;
use plotters_backend::{BackendColor, BackendStyle, DrawingBackend, DrawingErrorKind};

use super::{colour::Colour, markup::marked_up, panel::Anchor};
use crate::notebook::escaped;

/// Canvas units in a pixel. plotters places everything on whole units, so that dots on a canvas of whole
/// pixels would visibly snap to a grid.
pub(super) const SCALE: f64 = 10.0;

/// The fonts that carry the exporters' letters come first, then what readers' systems have.
const FONTS: &str =
    "NewComputerModern,'New Computer Modern','Latin Modern Roman','STIX Two Text',Georgia,serif";

/// Right and down, in canvas units.
type Place = (i32, i32);

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// What has been drawn on a canvas of the given size in pixels.
pub(super) struct Svg {
    width: f64,
    height: f64,
    shapes: Vec<Shape>,
}

/// An element: its name, the attributes that place it, those that style it except for the fill, the fill, and
/// its marked-up text.
struct Shape {
    name: &'static str,
    place: String,
    style: String,
    fill: String,
    content: Option<String>,
}

impl Svg {
    pub fn new(width: f64, height: f64) -> Self {
        Svg { width, height, shapes: Vec::new() }
    }

    /// A text of the given size in canvas units, with a white rim if it is to be read on top of data: ours beside
    /// plotters' drawing, whose texts know no rims.
    pub fn text(&mut self, at: Place, text: &str, anchor: Anchor, colour: Colour, size: f64, rim: bool) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let rim = if rim { " paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"30\"" } else { "" };
        self.shapes.push(Shape {
            name: "text",
            place: format!(" x=\"{}\" y=\"{}\"", at.0, at.1),
            style: format!(" font-size=\"{size:.0}\" text-anchor=\"{anchor}\"{rim}"),
            fill: paint("fill", colour.to_backend_color()),
            content: Some(marked_up(text)),
        });
    }

    /// The whole document. Neighbours of one style share a group that carries it.
    pub fn document(&self) -> String {
        let Svg { width, height, shapes } = self;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" font-family=\"{FONTS}\" stroke-linejoin=\"round\" \
             stroke-linecap=\"round\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            width * SCALE,
            height * SCALE
        );
        for run in shapes.chunk_by(|a, b| a.name == b.name && a.style == b.style) {
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

    fn add(&mut self, colour: BackendColor, name: &'static str, [place, style, fill]: [String; 3]) -> Drawn {
        if colour.alpha != 0.0 {
            self.shapes.push(Shape { name, place, style, fill, content: None });
        }
        Ok(())
    }
}

/// Dots, lines and areas; of whatever else plotters knows, it makes these or pixels.
impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        ((self.width * SCALE) as u32, (self.height * SCALE) as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): Place, colour: BackendColor) -> Drawn {
        self.fill_polygon([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)], &colour)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = Place>>(&mut self, path: I, style: &S) -> Drawn {
        let (colour, width) = (style.color(), style.stroke_width());
        let (stroke, opacity) = (paint("stroke", colour), opacity("stroke-opacity", colour));
        let style = format!("{stroke} stroke-width=\"{width}\"{opacity}");
        self.add(colour, "path", [format!(" d=\"{}\"", steps(path)), style, " fill=\"none\"".to_owned()])
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = Place>>(&mut self, path: I, style: &S) -> Drawn {
        let colour = style.color();
        let place = format!(" d=\"{}z\"", steps(path));
        self.add(colour, "path", [place, opacity("fill-opacity", colour), paint("fill", colour)])
    }

    /// A filled dot, with a white rim that keeps it apart from others.
    fn draw_circle<S: BackendStyle>(&mut self, (x, y): Place, radius: u32, style: &S, _: bool) -> Drawn {
        let colour = style.color();
        let place = format!(" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"");
        let style = format!(" stroke=\"#fff\" stroke-width=\"4\"{}", opacity("fill-opacity", colour));
        self.add(colour, "circle", [place, style, paint("fill", colour)])
    }
}

/// Opacity is given to fills and strokes one by one: on a group it would mean something else.
fn opacity(attribute: &str, colour: BackendColor) -> String {
    match colour.alpha {
        share if share < 1.0 => format!(" {attribute}=\"{}\"", share.to_string().trim_start_matches('0')),
        _ => String::new(),
    }
}

/// `#fa0` for what would be `#ffaa00`.
fn paint(attribute: &str, colour: BackendColor) -> String {
    let (red, green, blue) = colour.rgb;
    match [red, green, blue].map(|channel| (channel / 17, channel % 17)) {
        [(r, 0), (g, 0), (b, 0)] => format!(" {attribute}=\"#{r:x}{g:x}{b:x}\""),
        _ => format!(" {attribute}=\"#{red:02x}{green:02x}{blue:02x}\""),
    }
}

/// A path of relative steps, without the steps that go nowhere.
fn steps(points: impl IntoIterator<Item = Place>) -> String {
    let mut path = String::new();
    let mut here: Option<Place> = None;
    for (x, y) in points {
        match here {
            None => path = format!("M{x} {y}l"),
            Some((x0, y0)) if (x, y) != (x0, y0) => {
                let space = |number: i32| if number < 0 { "" } else { " " };
                let (dx, dy) = (x - x0, y - y0);
                let before = if path.ends_with('l') { "" } else { space(dx) };
                let _ = write!(path, "{before}{dx}{}{dy}", space(dy));
            }
            Some(_) => {}
        }
        here = Some((x, y));
    }
    // Of points that all lie at one place there is no step.
    path.strip_suffix('l').map_or(path.clone(), str::to_owned)
}

/// Puts the title and the description at the start of an SVG document, where viewers look for them.
pub(super) fn with_words(svg: &str, title: &str, description: &str) -> String {
    let Some(header_end) = svg.find('>') else { return String::new() };
    let (header, drawing) = svg.split_at(header_end + 1);
    let mut words = String::new();
    for (tag, text) in [("title", title), ("desc", description)] {
        if !text.is_empty() {
            let _ = write!(words, "\n<{tag}>{}</{tag}>", escaped(text));
        }
    }
    format!("{header}{words}{drawing}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{BLUE, RED};

    #[test]
    fn neighbours_of_one_style_share_a_group_and_the_invisible_is_left_out() -> Drawn {
        let mut svg = Svg::new(20.0, 10.0);
        for (x, colour) in [(10, RED.mix(0.5)), (20, RED.mix(0.0)), (30, BLUE.mix(0.5))] {
            svg.draw_circle((x, 40), 5, &colour, true)?;
        }
        svg.text((1, 2), "A", Anchor::End, RED, 115.0, true);
        let document = svg.document();
        let (_, shapes) = document.split_once("fill=\"#fff\"/>\n").expect("paper");
        assert_eq!(
            shapes,
            "<g stroke=\"#fff\" stroke-width=\"4\" fill-opacity=\".5\">\n\
             <circle cx=\"10\" cy=\"40\" r=\"5\" fill=\"#f00\"/>\n\
             <circle cx=\"30\" cy=\"40\" r=\"5\" fill=\"#00f\"/>\n</g>\n\
             <text x=\"1\" y=\"2\" font-size=\"115\" text-anchor=\"end\" paint-order=\"stroke\" stroke=\"#fff\" \
             stroke-width=\"30\" fill=\"#f00\">A</text>\n</svg>\n"
        );
        Ok(())
    }

    #[test]
    fn a_path_takes_relative_steps_and_skips_empty_ones() {
        assert_eq!(steps([(10, 20), (13, 18), (13, 18), (12, 30)]), "M10 20l3-2-1 12");
    }

    #[test]
    fn words_are_escaped() {
        let svg = with_words("<svg>\n</svg>", "a < b", "R & D");
        assert_eq!(svg, "<svg>\n<title>a &lt; b</title>\n<desc>R &amp; D</desc>\n</svg>");
    }
}
