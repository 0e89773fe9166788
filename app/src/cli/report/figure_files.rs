//! A chart's files: SVG, light and dark, for the document, and on request PNG and PDF for slides and papers.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches};

use crate::charts::{Plot, Theme, plot_pdf, plot_png, plot_svg};

const WIDTH: u32 = 760;
const HEIGHT: u32 = 380;

/// A chart that is to be written.
pub(super) struct ChartFile<'a> {
    /// What its files are called, before the look and the ending.
    pub(super) name: String,
    /// Above it in the image.
    pub(super) title: &'a str,
    pub(super) plot: &'a Plot,
}

/// What is made of each chart besides the SVG that the document shows.
#[derive(Clone, Copy, Default)]
pub(super) struct Formats {
    png: bool,
    pdf: bool,
}

impl Formats {
    /// `--charts`.
    pub(super) fn argument() -> Arg {
        Arg::new("charts")
            .long("charts")
            .value_name("FORMATS")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .value_parser(["svg", "png", "pdf"])
            .default_value("svg")
            .help("Also write each chart as png (twice its size, for slides) or pdf (for papers): png,pdf; the SVG always is")
    }

    /// Reads `--charts`.
    pub(super) fn read(matches: &ArgMatches) -> Self {
        let is_asked = |format: &str| {
            matches.get_many::<String>("charts").into_iter().flatten().any(|asked| asked == format)
        };
        Self { png: is_asked("png"), pdf: is_asked("pdf") }
    }
}

impl ChartFile<'_> {
    /// The name of the SVG for a look, `light` or `dark`.
    pub(super) fn svg_name(&self, look: &str) -> String {
        format!("{}-{look}.svg", self.name)
    }

    /// Every file with its place under `folder`.
    pub(super) fn files(&self, folder: &Path, formats: Formats) -> Vec<(PathBuf, Vec<u8>)> {
        let (light, dark) = (Theme::light(), Theme::dark());
        let svg = |theme| plot_svg(self.title, self.plot, theme, WIDTH, HEIGHT).into_bytes();
        let mut files =
            vec![(self.svg_name("light"), svg(&light)), (self.svg_name("dark"), svg(&dark))];
        if formats.png {
            let png = plot_png(self.title, self.plot, &light, WIDTH, HEIGHT);
            files.push((format!("{}.png", self.name), png));
        }
        if formats.pdf {
            let pdf = plot_pdf(self.title, self.plot, &light, WIDTH, HEIGHT);
            files.push((format!("{}.pdf", self.name), pdf));
        }
        files.into_iter().map(|(name, bytes)| (folder.join(name), bytes)).collect()
    }
}
