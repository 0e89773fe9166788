//! Charts as PDF: one page of the chart's size, its letters in Helvetica, which every reader of PDF has.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::plot::Plot;
use super::shapes::{Paint, Shape, UNITS, shapes};
use super::theme::Theme;

/// A CSS pixel is 1/96 inch, a point 1/72.
const POINTS: f64 = 0.75;
/// A circle as four bends: how far the handles reach, in radii.
const HANDLE: f64 = 0.552_285;

/// Widths of the letters from space to tilde in Helvetica, in thousandths of an em (Adobe's metrics).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// A plot with a title above it, as a PDF of one page of `width` x `height` CSS pixels.
pub fn plot_pdf(title: &str, plot: &Plot, theme: &Theme, width: u32, height: u32) -> Vec<u8> {
    let (width, height) = (width.max(1), height.max(1));
    let mut page = PdfPage { height: f64::from(height) * POINTS, ..PdfPage::default() };
    shapes(title, plot, theme, (width, height)).iter().for_each(|shape| page.draw(shape));
    page.file(f64::from(width) * POINTS, title)
}

/// What stands on the page, as PDF's operators.
#[derive(Default)]
struct PdfPage {
    height: f64,
    content: String,
    /// In hundredths; each is a named state of the page.
    opacities: Vec<u32>,
}

impl PdfPage {
    /// A place in points, upwards from the lower left corner.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (length(x), self.height - length(y))
    }

    fn paint(&mut self, paint: Paint, operator: &str) {
        let share = |channel: u8| f64::from(channel) / 255.0;
        let (red, green, blue) = paint.rgb;
        let opacity = (paint.opacity * 100.0).round() as u32;
        if !self.opacities.contains(&opacity) {
            self.opacities.push(opacity);
        }
        let _ = writeln!(
            self.content,
            "/O{opacity} gs {:.3} {:.3} {:.3} {operator}",
            share(red),
            share(green),
            share(blue)
        );
    }

    fn path(&mut self, points: &[(f64, f64)]) {
        for (at, &point) in points.iter().enumerate() {
            let (x, y) = self.place(point);
            let _ = writeln!(self.content, "{x:.2} {y:.2} {}", if at == 0 { "m" } else { "l" });
        }
    }

    fn circle(&mut self, center: (f64, f64), radius: f64) {
        let ((x, y), radius) = (self.place(center), length(radius));
        let handle = radius * HANDLE;
        let _ = writeln!(self.content, "{:.2} {y:.2} m", x + radius);
        for (right, up) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
            // A quarter from this direction to the one on its left.
            let (next_right, next_up): (f64, f64) = (-up, right);
            let _ = writeln!(
                self.content,
                "{:.2} {:.2} {:.2} {:.2} {:.2} {:.2} c",
                x + right * radius + next_right * handle,
                y + up * radius + next_up * handle,
                x + next_right * radius + right * handle,
                y + next_up * radius + up * handle,
                x + next_right * radius,
                y + next_up * radius
            );
        }
    }

    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Path { points, width, paint } => {
                self.paint(*paint, "RG");
                let _ = writeln!(self.content, "{:.2} w", length(*width));
                self.path(points);
                self.content += "S\n";
            }
            Shape::Area { points, paint } => {
                self.paint(*paint, "rg");
                self.path(points);
                self.content += "h f\n";
            }
            Shape::Circle { center, radius, width, paint } => {
                self.paint(*paint, if width.is_some() { "RG" } else { "rg" });
                if let Some(width) = width {
                    let _ = writeln!(self.content, "{:.2} w", length(*width));
                }
                self.circle(*center, *radius);
                self.content += if width.is_some() { "s\n" } else { "f\n" };
            }
            Shape::Words { text, at, em, align, is_upright, paint } => {
                self.paint(*paint, "rg");
                let bytes = win_ansi(text);
                let (em, (x, y)) = (length(*em), self.place(*at));
                let before = align.before(width(&bytes) * em);
                let matrix = if *is_upright {
                    format!("0 1 -1 0 {x:.2} {:.2}", y - before)
                } else {
                    format!("1 0 0 1 {:.2} {y:.2}", x - before)
                };
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let _ = writeln!(self.content, "BT /F {em:.2} Tf {matrix} Tm <{hex}> Tj ET");
            }
        }
    }

    /// The file: the numbered objects, and at its end where each of them begins.
    fn file(&self, width: f64, title: &str) -> Vec<u8> {
        let mut content = ZlibEncoder::new(Vec::new(), Compression::default());
        // Round joins, then everything.
        let written = write!(content, "1 j\n{}", self.content).and_then(|()| content.finish());
        // Writing to memory does not fail.
        let content = written.unwrap_or_default();
        let states: String = self
            .opacities
            .iter()
            .map(|opacity| {
                let share = f64::from(*opacity) / 100.0;
                format!("/O{opacity} << /ca {share} /CA {share} >> ")
            })
            .collect();
        let title: String = win_ansi(title).iter().map(|byte| format!("{byte:02x}")).collect();
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            format!(
                "<< /Type /PdfPage /Parent 2 0 R /MediaBox [0 0 {width} {}] /Contents 6 0 R \
                 /Resources << /Font << /F 4 0 R >> /ExtGState << {states}>> >> >>",
                self.height
            ),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
                .to_owned(),
            format!("<< /Title <{title}> /Producer (Rote) >>"),
            format!("<< /Length {} /Filter /FlateDecode >>\nstream", content.len()),
        ];
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
        for (at, object) in objects.iter().enumerate() {
            let _ = writeln!(table, "{:010} 00000 n ", file.len());
            file.extend(format!("{} 0 obj\n{object}\n", at + 1).bytes());
            if object.ends_with("stream") {
                file.extend(&content);
                file.extend(b"\nendstream\n");
            }
            file.extend(b"endobj\n");
        }
        let begin = file.len();
        let size = objects.len() + 1;
        file.extend(table.bytes());
        let end = format!(
            "trailer\n<< /Size {size} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{begin}\n%%EOF\n"
        );
        file.extend(end.bytes());
        file
    }
}

/// Units of the drawing in points.
fn length(units: f64) -> f64 {
    units / f64::from(UNITS) * POINTS
}

/// A text in the encoding that the standard fonts have; what it lacks becomes a question mark.
fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |letter: char| match letter {
        '\u{2010}' | '\u{2011}' | '\u{2212}' => b'-',
        '–' => 0x96,
        '—' => 0x97,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '…' => 0x85,
        ' '..='~' | '\u{a0}'..='\u{ff}' => letter as u8,
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// How wide a text is, in ems.
fn width(bytes: &[u8]) -> f64 {
    let wide = |byte: &u8| {
        let place = usize::from(*byte).checked_sub(32);
        // Letters beyond ASCII are about as wide as the others.
        place.and_then(|at| WIDTHS.get(at)).copied().unwrap_or(556)
    };
    bytes.iter().map(|byte| f64::from(wide(byte)) / 1000.0).sum()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;
    use crate::charts::{Line, test_errors_plot};

    #[test]
    fn every_object_stands_where_the_table_at_the_end_says() {
        let line = Line { name: "mlp (3x512)".into(), points: vec![(0.0, 0.4)], ..Line::default() };
        let plot = test_errors_plot(vec![line]);
        let file = plot_pdf("Test error", &plot, &Theme::light(), 760, 380);
        let text = String::from_utf8_lossy(&file);
        let number = |text: &str| text.trim().parse::<usize>().unwrap();
        let begin = number(text.rsplit("startxref\n").next().unwrap().lines().next().unwrap());
        let table = String::from_utf8_lossy(&file[begin..]);
        let offsets = table.lines().filter(|line| line.ends_with(" n ")).map(|line| &line[..10]);
        let mut count = 0;
        for (at, offset) in offsets.enumerate() {
            let head = format!("{} 0 obj", at + 1);
            assert_eq!(&file[number(offset)..][..head.len()], head.as_bytes());
            count += 1;
        }
        assert_eq!(count, 6);
        assert!(
            text.contains("/MediaBox [0 0 570 285]"),
            "760 x 380 CSS pixels are 570 x 285 points"
        );
        let at = file.windows(7).position(|part| part == b"stream\n").unwrap() + 7;
        let mut content = String::new();
        ZlibDecoder::new(&file[at..]).read_to_string(&mut content).unwrap();
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        for words in ["Test error", "mlp (3x512)", "labels replaced at random", "chance 90 %"] {
            assert!(content.contains(&format!("<{}>", hex(words))), "{words} is missing");
        }
        assert!(!content.contains("NaN") && !content.contains("inf"));
    }

    #[test]
    fn texts_are_as_wide_as_helvetica_writes_them() {
        // The sums of Adobe's table: H 722, i 222; 1 556, % 889.
        assert_eq!(width(&win_ansi("Hi")), 0.944);
        assert_eq!(width(&win_ansi("1%")), 1.445);
        assert_eq!(win_ansi("–±→"), [0x96, 0xb1, b'?']);
    }
}
