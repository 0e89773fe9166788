//! The runs of a comparison: which there are, which lane has which, how far they are. `drive` makes them.

mod drive;

use leptos::prelude::*;

use crate::engine::messages::EngineChoice;
use crate::lab::facts::history::History;
use crate::lab::facts::kept_run::KeptRun;
use crate::lab::facts::lessons::lesson::Guess;
use crate::lab::facts::lessons::measure::Found;
use crate::lab::facts::race::{LanePlan, Race};
use crate::lab::state::lane::{Lane, LanePhase};
use crate::lab::state::library::Library;
use crate::lab::state::settings::Settings;
use crate::lab::state::shared::{EngineDownload, Shared};

/// Handles; copies mean the same runs.
#[derive(Clone, Copy)]
pub struct Comparison {
    /// The two lanes; the second is used where two runs or more are compared.
    pub lanes: [Lane; 2],
    /// The runs of the comparison, of which two at a time are on the lanes.
    pub plans: Memo<Vec<LanePlan>>,
    /// The runs that are kept.
    pub library: Library,
    settings: Settings,
    shared: Shared,
    /// Runs of the comparison kept before this moment are not counted: it was begun again.
    since: RwSignal<String>,
    /// Counts changes, so that a quick series of them is acted upon once.
    change: StoredValue<u64>,
    /// The runs that the lanes have, or are about to have.
    wanted: StoredValue<Option<Vec<LanePlan>>>,
    /// Whether the lanes do not have them yet.
    is_taking_up: StoredValue<bool>,
    /// What is to be done once they do.
    then: StoredValue<Option<fn(Self)>>,
}

impl Comparison {
    /// What the settings say, not begun yet.
    pub fn new(settings: Settings, shared: Shared) -> Self {
        Self {
            lanes: [Lane::new(0, shared), Lane::new(1, shared)],
            plans: Memo::new(move |_| {
                settings.recipe.with(|recipe| settings.race.get().plans(recipe))
            }),
            library: shared.library,
            settings,
            shared,
            since: RwSignal::default(),
            change: StoredValue::new(0),
            wanted: StoredValue::new(None),
            is_taking_up: StoredValue::new(false),
            then: StoredValue::new(None),
        }
    }

    /// What is compared.
    pub fn race(self) -> Race {
        self.settings.race.get()
    }

    /// What is to compute.
    pub fn engine(self) -> EngineChoice {
        self.settings.engine.get()
    }

    /// Whether the settings can be taken: else the runs are those of before.
    pub fn is_valid(self) -> bool {
        self.settings.are_valid()
    }

    /// How far the engine's download is.
    pub fn download(self) -> EngineDownload {
        self.shared.download.get()
    }

    /// How much of the images is here, in bytes, and of how much; none where none are on their way.
    pub fn images_download(self) -> Option<(u64, u64)> {
        self.shared.images_download.get()
    }

    /// The histories of the comparison's runs in their order; none of those not begun.
    pub fn histories(self) -> Vec<Option<History>> {
        self.plans.with(|plans| {
            plans.iter().map(|plan| self.with_history_of(plan, Clone::clone)).collect()
        })
    }

    /// What the runs say to a guess of a lesson; none before its run is over.
    pub fn measured(self, guess: &Guess) -> Option<Found> {
        self.plans.with(|plans| {
            let first = plans.first()?;
            let measure = |own: &History| {
                self.with_history_of(first, |first| guess.measure.of(own, Some(first)))
                    .unwrap_or_else(|| guess.measure.of(own, None))
            };
            self.with_history_of(plans.get(guess.place)?, measure).flatten()
        })
    }

    /// The history of a run of the comparison: of the lane that has it, or of the list. None if it was not begun.
    pub fn with_history_of<T>(
        self,
        plan: &LanePlan,
        read: impl FnOnce(&History) -> T,
    ) -> Option<T> {
        let on_lane = self.used_lanes().find(|lane| lane.has(&plan.recipe));
        match on_lane {
            Some(lane) if lane.with_history(|history| history.step > 0) => {
                Some(lane.with_history(read))
            }
            _ => self.with_done(plan, |run| read(&run.history)),
        }
    }

    /// Reads a finished run of the comparison.
    fn with_done<T>(self, plan: &LanePlan, read: impl FnOnce(&KeptRun) -> T) -> Option<T> {
        self.library.with_finished(&plan.recipe, |run| {
            self.since.with(|since| run.date >= *since).then(|| read(run))
        })
    }

    /// Whether a run of the comparison is finished.
    fn is_done(self, plan: &LanePlan) -> bool {
        self.with_done(plan, |_| ()).is_some()
    }

    /// How many runs of the comparison are done, and how many there are.
    pub fn progress(self) -> (usize, usize) {
        self.plans
            .with(|plans| (plans.iter().filter(|plan| self.is_done(plan)).count(), plans.len()))
    }

    /// The first run of the comparison that is neither done nor on a lane.
    fn next_plan(self) -> Option<LanePlan> {
        let on_lane = |plan: &LanePlan| self.used_lanes().any(|lane| lane.has(&plan.recipe));
        self.plans
            .with(|plans| plans.iter().find(|plan| !on_lane(plan) && !self.is_done(plan)).cloned())
    }

    /// The lanes in use.
    pub fn used_lanes(self) -> impl Iterator<Item = Lane> {
        self.lanes.into_iter().filter(|lane| lane.plan.with(Option::is_some))
    }

    /// Whether the runs are those of the list, and the lanes have not begun to make them again.
    pub fn was_done_before(self) -> bool {
        self.used_lanes().all(|lane| lane.phase.get() == LanePhase::Idle)
            && self
                .plans
                .with(|plans| !plans.is_empty() && plans.iter().all(|plan| self.is_done(plan)))
    }

    /// Whether what stands in the controls can be taken now: a press before that would be lost.
    fn can_be_taken(self) -> bool {
        self.settings.are_valid() && self.settings.are_images_known()
    }

    /// Whether Train has something to do.
    pub fn can_train(self) -> bool {
        let phases = || self.used_lanes().map(|lane| lane.phase.get());
        self.can_be_taken()
            && (self.used_lanes().any(Lane::can_run)
                || phases().count() > 0 && phases().all(|phase| phase == LanePhase::Finished))
    }

    /// Whether Step has something to do.
    pub fn can_step(self) -> bool {
        self.can_be_taken() && !self.is_busy() && self.used_lanes().any(Lane::can_run)
    }

    /// Whether anything is under way.
    pub fn is_busy(self) -> bool {
        self.used_lanes().any(Lane::is_busy)
    }

    /// Whether every run of the comparison is over.
    pub fn is_finished(self) -> bool {
        let mut phases = self.used_lanes().map(|lane| lane.phase.get()).peekable();
        phases.peek().is_some()
            && phases.all(|phase| phase == LanePhase::Finished)
            && self.next_plan().is_none()
    }
}
