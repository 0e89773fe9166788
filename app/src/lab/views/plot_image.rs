//! A chart as an image in the page, which can be read at each place.

use leptos::html;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, MouseEvent};

use crate::charts::{Frame, Plot, bare_plot_svg, read_out, stops};
use crate::lab::browser::canvas::theme;
use crate::lab::state::appearance::Appearance;

/// A chart that is drawn again when what it is read off changes, or the look of the page. It is an SVG image in the
/// page: sharp on every screen and on paper, and the same code writes it to a file. Its values are said where the pointer is,
/// or, with the arrow keys, one place after the other.
#[component]
pub fn PlotImage(
    /// What is drawn.
    #[prop(into)]
    plot: Callback<(), Plot>,
    /// The same in words, for those who do not see it.
    summary: Signal<String>,
    /// What is across.
    across: &'static str,
    /// How a value is written.
    number: fn(f64) -> String,
) -> impl IntoView {
    let appearance = Appearance::of_page();
    let place = NodeRef::<html::Div>::new();
    let cursor = NodeRef::<html::Div>::new();
    let drawn = StoredValue::new(None::<DrawnPlot>);
    // The place that is read, as a value across.
    let at = StoredValue::new(None::<f64>);
    // By hand: so much that follows a pointer in a view of its own would weigh more than all that it says.
    let read = move |x: Option<f64>| {
        at.set_value(x);
        let Some(cursor) = cursor.get_untracked() else { return };
        let told = drawn.with_value(|drawn| {
            let (drawn, x) = (drawn.as_ref()?, x?);
            Some((drawn.pixel(x), drawn.words(x, across, number), drawn.is_right_of_middle(x)))
        });
        let style = web_sys::HtmlElement::style(&cursor);
        let (left, words, is_right) = told.unwrap_or_default();
        // A browser that refuses the place shows nothing: the table has the values too.
        let _ = style.set_property("left", &format!("{left}px"));
        let _ = style.set_property("visibility", if words.is_empty() { "" } else { "visible" });
        cursor.set_class_name(if is_right { "cursor left" } else { "cursor" });
        if let Some(read_out) = cursor.first_element_child() {
            read_out.set_text_content(Some(&words));
        }
    };
    Effect::new(move |before: Option<String>| {
        appearance.track();
        let plot = plot.run(());
        let Some(place) = place.get() else { return String::new() };
        let size = |css_pixels: i32| u32::try_from(css_pixels).unwrap_or(0);
        let (width, height) = (size(place.client_width()), size(place.client_height()));
        let (svg, frame) = bare_plot_svg(&plot, &theme(), width, height);
        // There is news several times a second, and of accuracies only once an epoch.
        if before.as_ref() != Some(&svg) {
            place.set_inner_html(&svg);
            drawn.set_value(frame.map(|frame| DrawnPlot { plot, frame }));
            read(at.get_value());
        }
        svg
    });
    let point = move |event: MouseEvent| {
        let x = f64::from(event.offset_x());
        read(drawn.with_value(|drawn| drawn.as_ref()?.nearest(x)));
    };
    let press = move |event: KeyboardEvent| {
        let key = event.key();
        if matches!(key.as_str(), "Escape" | "Tab") {
            return read(None);
        }
        let next = drawn.with_value(|drawn| drawn.as_ref()?.beside(at.get_value(), &key));
        if next.is_some() {
            event.prevent_default();
            read(next);
        }
    };
    view! {
        <div class="plot-place">
            <div
                class="plot"
                node_ref=place
                role="img"
                tabindex="0"
                aria-label=summary
                on:mousemove=point
                on:mouseleave=move |_| read(None)
                on:keydown=press
            ></div>
            <div class="cursor" node_ref=cursor>
                <p class="read-out" aria-live="polite" data-testid="read-out"></p>
            </div>
        </div>
    }
}

/// A chart as it was last drawn.
struct DrawnPlot {
    plot: Plot,
    frame: Frame,
}

impl DrawnPlot {
    fn span(&self) -> f64 {
        self.plot.x.end - self.plot.x.start
    }

    /// Where a value across is, in pixels.
    fn pixel(&self, x: f64) -> f64 {
        let width = self.frame.right - self.frame.left;
        self.frame.left + (x - self.plot.x.start) / self.span() * width
    }

    fn is_right_of_middle(&self, x: f64) -> bool {
        2.0 * self.pixel(x) > self.frame.left + self.frame.right
    }

    /// The place with a value that is nearest to a pixel.
    fn nearest(&self, pixel: f64) -> Option<f64> {
        let distance = |x: f64| (self.pixel(x) - pixel).abs();
        stops(&self.plot)
            .into_iter()
            .reduce(|best, x| if distance(x) < distance(best) { x } else { best })
    }

    /// The place that a key leads to.
    fn beside(&self, at: Option<f64>, key: &str) -> Option<f64> {
        let stops = stops(&self.plot);
        match (key, at) {
            ("ArrowRight", Some(at)) => {
                stops.iter().find(|stop| **stop > at).or(stops.last()).copied()
            }
            ("ArrowLeft", Some(at)) => {
                stops.iter().rfind(|stop| **stop < at).or(stops.first()).copied()
            }
            ("ArrowRight" | "Home", _) => stops.first().copied(),
            ("ArrowLeft" | "End", _) => stops.last().copied(),
            _ => None,
        }
    }

    /// What stands at a place.
    fn words(&self, x: f64, across: &str, number: fn(f64) -> String) -> String {
        let values = read_out(&self.plot, x).into_iter().map(|(line, value)| {
            let name = &line.name;
            let gap = if name.is_empty() { "" } else { ": " };
            format!("{name}{gap}{}", number(value))
        });
        let values: Vec<_> = values.collect();
        format!("{across} {}\n{}", (self.plot.x.number)(x), values.join("\n"))
    }
}
