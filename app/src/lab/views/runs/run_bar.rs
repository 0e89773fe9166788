//! Train, Pause, Step, Reset, and the line that says where things stand.

use leptos::prelude::*;

use crate::lab::browser::speed::{expected_seconds, usual_device, usual_steps};
use crate::lab::facts::format::{grouped, megabytes};
use crate::lab::facts::link::engine_word;
use crate::lab::facts::sentences::time_sentence;
use crate::lab::state::comparison::Comparison;
use crate::lab::state::lane::{Lane, LanePhase};
use crate::lab::state::shared::EngineDownload;
use crate::lab::views::live::live;

/// The buttons and the status line.
#[component]
pub fn RunBar(comparison: Comparison) -> impl IntoView {
    let train_word = move || match () {
        () if comparison.is_finished() || comparison.was_done_before() => "Train again",
        () if comparison.used_lanes().any(|lane| lane.phase.get() == LanePhase::Paused) => "Go on",
        () => "Train",
    };
    let fresh = move || comparison.used_lanes().all(|lane| lane.phase.get() == LanePhase::Idle);
    view! {
        <section class="run-bar card" aria-label="Run">
            <div class="buttons">
                <button
                    class="primary"
                    data-testid="train"
                    disabled=live(move || !comparison.can_train())
                    on:click=move |_| comparison.train()
                >
                    {train_word}
                </button>
                <button data-testid="pause" disabled=live(move || !comparison.is_busy()) on:click=move |_| comparison.pause()>
                    "Pause"
                </button>
                <button data-testid="step" disabled=live(move || !comparison.can_step()) on:click=move |_| comparison.step()>
                    "Step"
                </button>
                <button data-testid="reset" disabled=fresh on:click=move |_| comparison.reset()>
                    "Reset"
                </button>
            </div>
            <p class="status" data-testid="status">{live(move || status(comparison))}</p>
            <Announcer comparison />
            <DownloadProgress comparison />
        </section>
    }
}

/// The state in words, for screen readers: said when it changes, not at every step.
#[component]
fn Announcer(comparison: Comparison) -> impl IntoView {
    let words = move || {
        let lanes = comparison.used_lanes().map(|lane| {
            let plan = lane.plan.get().map(|plan| plan.title).unwrap_or_default();
            format!("{plan}: {}.", phase_words(lane.phase.get()))
        });
        lanes.collect::<Vec<_>>().join(" ")
    };
    view! {
        <p class="unseen" role="status">
            {words}
        </p>
    }
}

/// How far the download of the engine or of the images is, while there is one.
#[component]
fn DownloadProgress(comparison: Comparison) -> impl IntoView {
    let under = move || match comparison.download() {
        EngineDownload::Under { loaded_bytes, total_bytes } => {
            Some(("Fetching the training engine", loaded_bytes, total_bytes))
        }
        EngineDownload::Ahead | EngineDownload::Done | EngineDownload::Failed => comparison
            .images_download()
            .map(|(loaded_bytes, total_bytes)| ("Fetching images", loaded_bytes, total_bytes)),
    };
    let is_under = Memo::new(move |_| under().is_some());
    let share = move || {
        let (_, loaded, total) = under()?;
        (total > 0).then(|| (loaded as f64 / total as f64).min(1.0).to_string())
    };
    let text = move || match under() {
        None => String::new(),
        Some((what, 0, _)) => what.to_string(),
        Some((what, loaded, 0)) => format!("{what}: {}", megabytes(loaded)),
        Some((what, loaded, total)) => {
            format!("{what}: {} of {}", megabytes(loaded), megabytes(total))
        }
    };
    view! {
        <Show when=move || is_under.get()>
            <div class="download">
                <label for="download-progress">{text}</label>
                <progress id="download-progress" max="1" value=share></progress>
            </div>
        </Show>
    }
}

/// Device, step, images a second, time left, in one line.
fn status(comparison: Comparison) -> String {
    let lanes: Vec<Lane> = comparison.used_lanes().collect();
    let Some(first) = lanes.first() else { return "Getting ready".into() };
    if !comparison.is_valid() {
        return "A setting cannot be taken; its sentence stands below it.".into();
    }
    let phase = if comparison.was_done_before() {
        "Done before, as in the list of runs"
    } else {
        phase_of_all(&lanes)
    };
    let mut parts = vec![phase.to_string()];
    let (done, all) = comparison.progress();
    if all > lanes.len() && done < all {
        parts.push(format!("{done} of {all} runs done"));
    }
    parts.extend(first.device.get().map(|(device, _)| device));
    if lanes.iter().all(|lane| lane.phase.get() == LanePhase::Idle) {
        parts.extend(announced(comparison, first));
    }
    let step =
        lanes.iter().map(|lane| lane.with_history(|history| history.step)).max().unwrap_or(0);
    let last = first.with_history(|history| history.facts.as_ref().map(|facts| facts.last_step));
    if step > 0 {
        parts.push(format!("step {}", grouped(step)));
    }
    if lanes.iter().any(|lane| lane.phase.get() == LanePhase::Running) {
        parts.extend(speed(&lanes));
        parts.extend(last.and_then(|_| time_left(comparison, &lanes)));
    }
    parts.join(" · ")
}

/// How long the whole comparison will take, where this browser has trained such a network before.
fn announced(comparison: Comparison, lane: &Lane) -> Option<String> {
    // Before the engine is there, the device is most likely that of the last time.
    let device = match lane.device.get() {
        Some((device, _)) => device,
        None => usual_device(engine_word(comparison.engine()))?,
    };
    let plans = comparison.plans.get();
    // Two run at a time, and share the machine.
    let (mut usual, mut most) = (Some(0.0), 0.0);
    for plan in &plans {
        let recipe = &plan.recipe;
        let seconds = |steps| expected_seconds(recipe, &device, steps);
        most += seconds(recipe.last_step() as f64)?;
        usual = usual.zip(usual_steps(recipe).and_then(seconds)).map(|(sum, one)| sum + one);
    }
    Some(time_sentence(usual, most, plans.iter().any(|plan| plan.recipe.may_stop_sooner())))
}

fn speed(lanes: &[Lane]) -> Option<String> {
    let of = |lane: &Lane| {
        let images_per_step = lane.with_history(|history| {
            let facts = history.facts.as_ref()?;
            Some(facts.images as f64 / facts.steps_per_epoch.max(1) as f64)
        })?;
        Some(lane.steps_per_second()? * images_per_step)
    };
    let running = lanes.iter().filter(|lane| lane.phase.get() == LanePhase::Running);
    let images_per_second: f64 = running.filter_map(of).sum();
    (images_per_second > 0.0)
        .then(|| format!("{} images/s", grouped(images_per_second.round() as u64)))
}

fn time_left(comparison: Comparison, lanes: &[Lane]) -> Option<String> {
    // The lane that takes longest, of those that run: usually, and at most.
    let (mut usual, mut most) = (Some(0.0_f64), None);
    for lane in lanes.iter().filter(|lane| lane.phase.get() == LanePhase::Running) {
        let (step, last) = lane.with_history(|history| {
            Some((history.step as f64, history.facts.as_ref()?.last_step as f64))
        })?;
        let rate = lane.steps_per_second()?;
        let end = lane.plan.with(|plan| plan.as_ref().and_then(|plan| usual_steps(&plan.recipe)));
        // One that is past its usual end may go on for long, or not.
        let end = end.filter(|end| *end > step);
        usual = usual.zip(end).map(|(longest, end)| longest.max((end - step) / rate));
        most = Some(most.unwrap_or(0.0_f64).max((last - step) / rate));
    }
    let may_be_sooner =
        comparison.plans.with(|plans| plans.iter().any(|plan| plan.recipe.may_stop_sooner()));
    Some(format!("{} left", time_sentence(usual, most?, may_be_sooner)))
}

fn phase_of_all(lanes: &[Lane]) -> &'static str {
    let any = |phase: LanePhase| lanes.iter().any(|lane| lane.phase.get() == phase);
    let order = [
        LanePhase::Running,
        LanePhase::Loading,
        LanePhase::Failed,
        LanePhase::Paused,
        LanePhase::Idle,
        LanePhase::Finished,
    ];
    order.into_iter().find(|phase| any(*phase)).map_or("Getting ready", phase_words)
}

/// A phase in words.
pub fn phase_words(phase: LanePhase) -> &'static str {
    match phase {
        LanePhase::Idle => "Ready",
        LanePhase::Loading => "Getting ready",
        LanePhase::Running => "Training",
        LanePhase::Paused => "Paused",
        LanePhase::Finished => "Finished",
        LanePhase::Failed => "Stopped by a problem",
    }
}
