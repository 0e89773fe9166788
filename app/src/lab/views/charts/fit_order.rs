//! Which run of the comparison was fitted when, in words, above the charts that mark the moment.

use leptos::prelude::*;

use crate::lab::facts::order::{FitState, fit_sentences};
use crate::lab::state::comparison::Comparison;
use crate::lab::views::live::live;

/// The steps of each run until it was fitted, and what that says beside the paper; empty before one is.
#[component]
pub fn FitOrder(comparison: Comparison) -> impl IntoView {
    let sentences = Memo::new(move |_| {
        let plans = comparison.plans.get();
        let state = |plan| comparison.with_history_of(plan, FitState::of).unwrap_or_default();
        let states: Vec<_> = plans.iter().map(state).collect();
        fit_sentences(&plans, &states)
    });
    view! { <p class="sentence" data-testid="fit-order">{live(move || sentences.get())}</p> }
}
