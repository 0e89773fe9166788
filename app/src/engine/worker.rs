//! The worker's loop: it answers requests between pieces of training, one at a time, so no request can meet a run in the
//! middle of a step.

use std::cell::RefCell;
use std::collections::VecDeque;

use wasm_bindgen_futures::spawn_local;

use super::messages::{Reply, Request};
use super::run::Runner;
use super::scope::{next_task, post};

struct IncomingRequest {
    request: Request,
    bytes: Option<Vec<u8>>,
}

#[derive(Default)]
struct Inbox {
    messages: VecDeque<IncomingRequest>,
    /// The runner, while no task is using it.
    idle: Option<Runner>,
}

thread_local! {
    static INBOX: RefCell<Inbox> = RefCell::default();
}

/// Makes a panic reach the page as [`Reply::Failed`]; without it the worker would only fall silent.
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        let message = format!(
            "the engine stopped ({panic}); training goes on from the last checkpoint in a new one, on the CPU if it \
             happens again"
        );
        post(&Reply::Failed { message: message.replace('\n', " "), fatal: true }, None);
    }));
    INBOX.with_borrow_mut(|inbox| inbox.idle = Some(Runner::default()));
}

/// Takes a message of the page.
pub fn handle(json: &str, bytes: Option<Vec<u8>>) {
    let request = match serde_json::from_str(json) {
        Ok(request) => request,
        Err(error) => {
            let message =
                format!("the engine did not understand the page ({error}); reload the page");
            return post(&Reply::Failed { message, fatal: false }, None);
        }
    };
    let runner = INBOX.with_borrow_mut(|inbox| {
        inbox.messages.push_back(IncomingRequest { request, bytes });
        inbox.idle.take()
    });
    if let Some(runner) = runner {
        spawn_local(serve(runner));
    }
}

/// Answers what is in the inbox, trains in between, and ends when there is nothing to do.
async fn serve(mut runner: Runner) {
    loop {
        while let Some(IncomingRequest { request, bytes }) =
            INBOX.with_borrow_mut(|inbox| inbox.messages.pop_front())
        {
            runner.answer(request, bytes).await;
        }
        if !runner.is_running() {
            // No message can arrive between the look into the inbox and here: nothing was awaited.
            return INBOX.with_borrow_mut(|inbox| inbox.idle = Some(runner));
        }
        runner.advance().await;
        next_task().await;
    }
}
