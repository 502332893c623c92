//! The palette, and how responsibilities mix it.

use nalgebra::DMatrix;
use plotters::style::RGBColor;

/// A colour: red, green and blue, each from 0 to 255, in sRGB.
pub type Colour = RGBColor;

/// Text, and marks that must stand out from every component.
pub const INK: Colour = RGBColor(34, 34, 34);
/// Axis labels, secondary text, lines that belong to no component.
pub const GREY: Colour = RGBColor(110, 110, 110);
/// Axes, guides, data whose component is unknown.
pub const FAINT: Colour = RGBColor(168, 168, 168);
/// The paper.
pub const WHITE: Colour = RGBColor(255, 255, 255);

/// Okabe and Ito's colours, which stay apart for every kind of colour vision. Their yellow is too light
/// for a dot on white paper, so grey takes its place at the end.
const PALETTE: [Colour; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 94, 60),
    RGBColor(110, 110, 110),
];

/// The colour of component `j`, the same in every figure. After eight components the colours repeat.
///
/// ```
/// use executable_em_figures::plot;
///
/// assert_ne!(plot::component(0), plot::component(1));
/// assert_eq!(plot::component(8), plot::component(0));
/// ```
pub fn component(j: usize) -> Colour {
    PALETTE[j % PALETTE.len()]
}

/// One colour a datum: that of its label.
pub fn by_label(labels: &[usize]) -> Vec<Colour> {
    labels.iter().map(|&label| component(label)).collect()
}

/// One colour a datum: the components' colours, mixed in the proportions of its row of the n×k
/// `responsibilities`.
///
/// ```
/// use executable_em_figures::plot;
/// use nalgebra::dmatrix;
///
/// let colours = plot::by_responsibility(&dmatrix![1.0, 0.0; 0.5, 0.5]);
/// assert_eq!(colours[0], plot::component(0));
/// assert_eq!(colours[1], plot::mix(&[(0.5, plot::component(0)), (0.5, plot::component(1))]));
/// ```
pub fn by_responsibility(responsibilities: &DMatrix<f64>) -> Vec<Colour> {
    responsibilities
        .row_iter()
        .map(|row| mix(&row.iter().enumerate().map(|(j, &share)| (share, component(j))).collect::<Vec<_>>()))
        .collect()
}

/// The mixture of colours in the given proportions (their sum need not be one).
///
/// The mean is taken in Ottosson's OKLab space, where equal steps look equal: halfway between blue and
/// orange lies a neutral tone of the same lightness, not the mud of an average of sRGB numbers.
pub fn mix(parts: &[(f64, Colour)]) -> Colour {
    let total: f64 = parts.iter().map(|(share, _)| share).sum();
    let mut lab = [0.0; 3];
    for (share, colour) in parts {
        for (sum, coordinate) in lab.iter_mut().zip(to_oklab(*colour)) {
            *sum += share / total * coordinate;
        }
    }
    from_oklab(lab)
}

/// `colour`, thinned with white: 0 leaves it, 1 is white.
pub fn lighten(colour: Colour, amount: f64) -> Colour {
    mix(&[(1.0 - amount, colour), (amount, WHITE)])
}

/// `colour`, deepened with black: 0 leaves it, 1 is black.
pub fn darken(colour: Colour, amount: f64) -> Colour {
    mix(&[(1.0 - amount, colour), (amount, RGBColor(0, 0, 0))])
}

// The matrices of <https://bottosson.github.io/posts/oklab/>.

fn to_oklab(colour: Colour) -> [f64; 3] {
    let [r, g, b] = [colour.0, colour.1, colour.2].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b).cbrt();
    let m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b).cbrt();
    let s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b).cbrt();
    [
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> Colour {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    let [red, green, blue] = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
    .map(|c| {
        let encoded = if c <= 0.0031308 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        // A cast saturates, so a mixture just outside sRGB lands on its border.
        (255.0 * encoded).round() as u8
    });
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_one_colour_gives_it_back() {
        for j in 0..8 {
            assert_eq!(mix(&[(0.3, component(j))]), component(j));
        }
        assert_eq!(lighten(component(2), 1.0), WHITE);
    }
}
