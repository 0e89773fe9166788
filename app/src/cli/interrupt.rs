//! Ctrl-C, SIGTERM and SIGHUP: noted at first, so that work can be saved; obeyed at once the second time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::CliError;

/// As Unix counts it; Windows has no such signal.
const SIGHUP: i32 = 1;
const SIGNALS: &[i32] = if cfg!(unix) { &[SIGINT, SIGTERM, SIGHUP] } else { &[SIGINT, SIGTERM] };

/// A signal that asks the program to end, as a shell counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// What the program exits with: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
    pub fn exit_code(self) -> u8 {
        128 + self.0
    }

    /// Its name, for a sentence.
    pub fn name(self) -> &'static str {
        match i32::from(self.0) {
            SIGINT => "Ctrl-C",
            SIGHUP => "SIGHUP (the terminal was closed)",
            _ => "SIGTERM",
        }
    }
}

/// Whether the program was asked to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Begins to watch for signals. Can be called once a process.
    pub(super) fn watch() -> Result<Self, CliError> {
        let interrupt = Self::default();
        interrupt.listen().map_err(|error| {
            CliError::Failed(format!("signals could not be watched for: {error}"))
        })?;
        Ok(interrupt)
    }

    /// A thread of its own hears signals, so that the second one need not wait for the step under way.
    #[cfg(unix)]
    fn listen(&self) -> std::io::Result<()> {
        let mut signals = signal_hook::iterator::Signals::new(SIGNALS)?;
        let heard = self.clone();
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let mut first = None;
            for signal in signals.forever() {
                if is_again(*first.get_or_insert_with(Instant::now), Instant::now()) {
                    std::process::exit(128 + signal);
                }
                heard.note(signal);
            }
        })?;
        Ok(())
    }

    #[cfg(not(unix))]
    fn listen(&self) -> std::io::Result<()> {
        for &signal in SIGNALS {
            let number = usize::try_from(signal).expect("signals are counted from 1");
            signal_hook::flag::register_usize(signal, Arc::clone(&self.0), number)?;
        }
        Ok(())
    }

    /// Of several signals the first counts.
    #[cfg(unix)]
    fn note(&self, signal: i32) {
        let number = usize::try_from(signal).expect("signals are counted from 1");
        let _ = self.0.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The signal that came, if one did.
    pub(super) fn signal(&self) -> Option<Signal> {
        let number = self.0.load(Ordering::SeqCst);
        (number > 0).then(|| Signal(u8::try_from(number).unwrap_or(u8::MAX >> 1)))
    }
}

/// Whether a signal says that whoever sends it does not want to wait. `timeout` and a closed terminal send the first one
/// twice within a millisecond or so, to the process and to its group; nobody presses Ctrl-C twice as fast.
#[cfg(unix)]
fn is_again(first: Instant, now: Instant) -> bool {
    now.duration_since(first) > Duration::from_millis(100)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_comes_twice_in_a_row_is_one() {
        let first = Instant::now();
        let later = |milliseconds| first + Duration::from_millis(milliseconds);
        assert_eq!(
            [0, 50, 100, 101].map(|at| is_again(first, later(at))),
            [false, false, false, true]
        );
    }

    #[test]
    fn the_first_signal_is_the_one_that_is_told() {
        let interrupt = Interrupt::default();
        interrupt.note(SIGTERM);
        interrupt.note(SIGHUP);
        assert_eq!(interrupt.signal(), Some(Signal(15)));
    }

    #[test]
    fn exit_codes_are_those_of_a_shell() {
        let codes = [2, 15, 1].map(|number| Signal(number).exit_code());
        assert_eq!(codes, [130, 143, 129]);
        assert_eq!(Interrupt::default().signal(), None);
    }
}
