//! A chart as an image in the page.

use leptos::html;
use leptos::prelude::*;

use crate::charts::{Plot, bare_plot_svg};
use crate::lab::browser::canvas::theme;
use crate::lab::state::appearance::Appearance;

/// A chart that is drawn again when what it is read off changes, or the look of the page. It is an SVG image in the
/// page: sharp on every screen and on paper, and the same code writes it to a file.
#[component]
pub fn PlotImage(
    /// What is drawn.
    #[prop(into)]
    plot: Callback<(), Plot>,
    /// The same in words, for those who do not see it.
    summary: Signal<String>,
) -> impl IntoView {
    let appearance = Appearance::of_page();
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<String>| {
        appearance.track();
        let plot = plot.run(());
        let Some(place) = place.get() else { return String::new() };
        let size = |css_pixels: i32| u32::try_from(css_pixels).unwrap_or(0);
        let (width, height) = (size(place.client_width()), size(place.client_height()));
        let svg = bare_plot_svg(&plot, &theme(), width, height);
        // There is news several times a second, and of accuracies only once an epoch.
        if before.as_ref() != Some(&svg) {
            place.set_inner_html(&svg);
        }
        svg
    });
    view! { <div class="plot" node_ref=place role="img" aria-label=summary></div> }
}
