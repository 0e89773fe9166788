//! The events of the runs, for whoever watches from outside.

use js_sys::{Array, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// `window.roteEvents`: an array a lane, of the events as plain objects. They are stored with the run, and read by tests
/// and by the curious in the browser's console.
#[derive(Clone, Copy)]
pub struct EventRecorder(StoredValue<[Array; 2], LocalStorage>);

/// Events kept of a lane; beyond, every second step is left out.
const MAX_RECORDED: u32 = 20_000;

impl EventRecorder {
    /// No events yet.
    pub fn new() -> Self {
        let lanes = [Array::new(), Array::new()];
        let all: Array = lanes.iter().collect();
        // The page works without it.
        let _ = Reflect::set(&window(), &"roteEvents".into(), &all);
        Self(StoredValue::new_local(lanes))
    }

    /// Adds an event.
    pub fn push(self, lane: usize, event: Option<JsValue>) {
        let Some(event) = event else { return };
        self.0.with_value(|lanes| _ = lanes[lane].push(&event));
        if self.events(lane).length() > MAX_RECORDED {
            let mut steps = 0;
            let kept = self.events(lane).filter(&mut |event, _, _| {
                let is_step =
                    Reflect::get(&event, &"event".into()).is_ok_and(|kind| kind == "step");
                steps += u32::from(is_step);
                !is_step || steps % 2 == 0
            });
            self.fill(lane, &kept);
        }
    }

    /// The events of a lane.
    pub fn events(self, lane: usize) -> Array {
        self.0.with_value(|lanes| lanes[lane].clone())
    }

    /// Puts other events in place of a lane's own.
    pub fn fill(self, lane: usize, events: &Array) {
        self.clear(lane);
        self.0.with_value(|lanes| events.iter().for_each(|event| _ = lanes[lane].push(&event)));
    }

    /// Forgets the events of a lane.
    pub fn clear(self, lane: usize) {
        self.0.with_value(|lanes| lanes[lane].set_length(0));
    }
}
