//! A chart with its title, its files, its numbers and its caption.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::charts::{Plot, Theme, plot_svg, plot_table};
use crate::lab::browser::files;
use crate::lab::views::live::live;
use crate::lab::views::plot_image::PlotImage;

/// Of a chart that is saved, in pixels.
const WIDTH: u32 = 760;
const HEIGHT: u32 = 400;
/// Of the table; more is in the exported runs.
const MAX_ROWS: usize = 12;

/// A chart on a card.
#[component]
pub fn ChartFigure(
    /// What its files are called, after `rote-`.
    file: &'static str,
    /// Above it.
    title: &'static str,
    /// Above it in its files, where nothing else says what is drawn upwards.
    drawn_title: &'static str,
    /// Below it.
    caption: &'static str,
    /// What is across, as the head of a column.
    across: &'static str,
    /// How a value is written in the table.
    number: fn(f64) -> String,
    /// What is drawn.
    #[prop(into)]
    plot: Callback<(), Plot>,
    /// The same in words.
    summary: Signal<String>,
) -> impl IntoView {
    let svg = move || plot_svg(drawn_title, &plot.run(()), &Theme::light(), WIDTH, HEIGHT);
    let save_svg = move |_| files::offer(&format!("rote-{file}.svg"), "image/svg+xml", &svg());
    let save_png =
        move |_| spawn_local(files::offer_image(format!("rote-{file}.png"), svg(), WIDTH, HEIGHT));
    let (is_table_open, set_table_open) = signal(false);
    let table = move || is_table_open.get().then(|| table(&plot.run(()), title, across, number));
    view! {
        <figure class="chart card">
            <div class="card-head">
                <h2>{title}</h2>
                <span class="tools">
                    <button
                        class="link"
                        aria-expanded=live(move || is_table_open.get().to_string())
                        aria-label=format!("Numbers of {title} as a table")
                        on:click=move |_| set_table_open.update(|is_open| *is_open = !*is_open)
                    >
                        "Table"
                    </button>
                    <button class="link" on:click=save_png aria-label=format!("Save {title} as PNG")>
                        "PNG"
                    </button>
                    <button class="link" on:click=save_svg aria-label=format!("Save {title} as SVG")>
                        "SVG"
                    </button>
                </span>
            </div>
            <PlotImage plot summary across number />
            {table}
            <figcaption>{caption}</figcaption>
        </figure>
    }
}

fn table(
    plot: &Plot,
    title: &str,
    across: &str,
    number: fn(f64) -> String,
) -> impl IntoView + use<> {
    let table = plot_table(plot, across, number, MAX_ROWS);
    let head = table
        .head
        .into_iter()
        .map(|name| view! { <th scope="col" class="figure">{name}</th> })
        .collect_view();
    let row = |fields: Vec<String>| {
        let fields = fields
            .into_iter()
            .map(|field| view! { <td class="figure">{field}</td> })
            .collect_view();
        view! { <tr>{fields}</tr> }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=format!("Numbers of {title}")>
            <table class="plot-numbers" data-testid="numbers">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{table.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
