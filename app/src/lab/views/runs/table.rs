//! The list of runs as a table, with everything one can do with a run.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::lab::browser::files;
use crate::lab::facts::format::{duration, percent};
use crate::lab::facts::kept_run::{KeptRun, differences};
use crate::lab::facts::race::Race;
use crate::lab::state::library::Library;
use crate::lab::state::navigation::Navigation;
use crate::lab::views::live::live;
use crate::train::{Record, epochs_table, to_json};

/// The list.
#[component]
pub fn RunsTable(library: Library, navigation: Navigation) -> impl IntoView {
    let any = Memo::new(move |_| library.with(|runs| !runs.is_empty()));
    let ids =
        move || library.with(|runs| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>());
    let records =
        move || library.with(|runs| runs.iter().map(KeptRun::record).collect::<Vec<Record>>());
    let export_json =
        move |_| files::offer("rote-runs.json", "application/json", &to_json(&records()));
    let export_csv =
        move |_| files::offer("rote-runs.csv", "text/csv", &epochs_table(&records()).to_csv());
    view! {
        <section class="runs card" aria-labelledby="runs-title">
            <div class="card-head">
                <h2 id="runs-title">"Runs"</h2>
                <span class="tools">
                    <Show when=move || any.get()>
                        <button class="link" data-testid="export-json" on:click=export_json>
                            "Export JSON"
                        </button>
                        <button class="link" data-testid="export-csv" on:click=export_csv>
                            "Export CSV"
                        </button>
                    </Show>
                    <ImportButton library />
                </span>
            </div>
            <Show
                when=move || any.get()
                fallback=|| view! { <p class="help">"Runs that end, and those that are left on the way, are kept here, in this browser."</p> }
            >
                <div class="scroll" tabindex="0" role="region" aria-label="Table of runs">
                    <table data-testid="runs">
                        <thead>
                            <tr>
                                <th scope="col">"In charts"</th>
                                <th scope="col">"Name"</th>
                                <th scope="col">"Differs from the default in"</th>
                                <th scope="col">"Seed"</th>
                                <th scope="col" class="figure">
                                    "Train"
                                </th>
                                <th scope="col" class="figure">
                                    "Test"
                                </th>
                                <th scope="col" class="figure">
                                    "Epochs"
                                </th>
                                <th scope="col" class="figure">
                                    "Time"
                                </th>
                                <th scope="col">
                                    <span class="unseen">"What to do with it"</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=ids key=Clone::clone let:id>
                                <RunRow library navigation id />
                            </For>
                        </tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

#[component]
fn RunRow(library: Library, navigation: Navigation, id: String) -> impl IntoView {
    let id = StoredValue::new(id);
    let run = Memo::new(move |_| {
        library.with(|runs| runs.iter().find(|run| run.id == id.get_value()).cloned())
    });
    let text =
        move |of: fn(&KeptRun) -> String| run.with(|run| run.as_ref().map(of).unwrap_or_default());
    let name = move || text(|run| run.name.clone());
    let restart = move |_| {
        if let Some(run) = run.get_untracked() {
            navigation.open_recipe(&run.recipe, Race::Off);
        }
    };
    view! {
        <tr
            data-testid="run"
            data-stored=live(move || run.with(|run| run.as_ref().is_some_and(|run| run.is_stored).to_string()))
        >
            <td>
                <input
                    type="checkbox"
                    aria-label=live(move || format!("Show {} in the charts", name()))
                    prop:checked=live(move || run.with(|run| run.as_ref().is_some_and(|run| run.is_overlaid)))
                    on:change=move |event| library.overlay(&id.get_value(), event_target_checked(&event))
                />
            </td>
            <td>
                <input
                    type="text"
                    class="run-name"
                    aria-label=live(move || format!("Name of {}", name()))
                    prop:value=name
                    on:change=move |event| library.rename(&id.get_value(), &event_target_value(&event))
                />
            </td>
            <td class="differences">{live(move || text(|run| differences(&run.recipe)))}</td>
            <td>{live(move || text(|run| run.recipe.seed.to_string()))}</td>
            <td class="figure">{live(move || text(|run| run.history.accuracies().map_or("–".into(), |both| percent(both.0))))}</td>
            <td class="figure">{live(move || text(|run| run.history.accuracies().map_or("–".into(), |both| percent(both.1))))}</td>
            <td class="figure">
                {live(move || {
                    text(|run| format!("{}{}", run.history.epoch(), if run.is_finished() { "" } else { ", stopped" }))
                })}
            </td>
            <td class="figure">
                {live(move || text(|run| run.history.epochs.last().map_or("–".into(), |last| duration(last.seconds))))}
            </td>
            <td class="row-tools">
                <button class="link" on:click=restart aria-label=live(move || format!("Run {} again with the same seed", name()))>
                    "Again"
                </button>
                <button
                    class="link"
                    on:click=move |_| library.delete(&id.get_value())
                    aria-label=live(move || format!("Delete {}", name()))
                >
                    "Delete"
                </button>
            </td>
        </tr>
    }
}

/// A button that is a file input.
#[component]
fn ImportButton(library: Library) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let import = move |_| {
        let Some(input) = input.get_untracked() else { return };
        spawn_local(async move {
            if let Some(file) = files::chosen(input).await {
                library.import(file);
            }
        });
    };
    view! {
        <label class="link file">
            "Import"
            <input node_ref=input type="file" accept=".json,application/json" data-testid="import" on:change=import />
        </label>
    }
}
