//! Against PyTorch, natively: `rote time` and `benches/peers/torch.py` in turn.

use std::io::{BufRead as _, BufReader, ErrorKind, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::rows::{Row, keep};
use super::{Options, peers_folder, results};
use crate::data::rote;
use crate::failure::Failure;
use crate::shell;

const FIX: &str = "install PyTorch 2 and numpy, and name their Python in PYTHON";
const THREADS: &str = "2";

/// On two CPU threads.
pub(super) fn cpu(options: &Options) -> Result<(), Failure> {
    measure(options, "cpu", "cpu", "cpu.json")
}

/// On a GPU, where there is one that is not emulated.
pub(super) fn gpu(options: &Options) -> Result<(), Failure> {
    let listing = shell::output(rote().args(["devices", "--json"]), "mend what is reported above")?;
    let listing: Value = serde_json::from_str(&listing).unwrap_or_default();
    let is_real = |device: &Value| device["device"] == "gpu" && device["is_software"] == false;
    if listing.as_array().into_iter().flatten().any(is_real) {
        return measure(options, "gpu", "cuda", "gpu.json");
    }
    println!("There is no GPU here that is not emulated: the GPU was not measured.");
    Ok(())
}

fn measure(options: &Options, device: &str, torch_device: &str, file: &str) -> Result<(), Failure> {
    let mut about = json!({ "threads": THREADS, "batch": 128, "date": today() });
    for model in &options.models {
        let mut ours = Row { model: model.clone(), participant: "rote".into(), ..empty() };
        let mut peers: Vec<Row> = Vec::new();
        let mut torch = Torch::start(model, torch_device)?;
        // In turn, so that what slows the machine down for a while does not fall on one of them alone.
        for _ in 0..options.rounds {
            let printed = time(model, device, ["128", "128"])?;
            about["device"] = printed["device"].clone();
            join(&mut ours, Row::read(&printed, "rote"));
            for printed in torch.round()? {
                about["pytorch"] = printed["version"].clone();
                let participant =
                    format!("PyTorch {}", printed["mode"].as_str().unwrap_or("eager"));
                match peers.iter_mut().find(|peer| peer.participant == participant) {
                    Some(peer) => join(peer, Row::read(&printed, &participant)),
                    None => peers.extend(Row::read(&printed, &participant)),
                }
            }
        }
        drop(torch);
        for row in std::iter::once(&ours).chain(&peers) {
            println!(
                "{model:<16} {:<18} {:8.2} ms/step",
                row.participant,
                row.best_ms().unwrap_or(f64::NAN)
            );
        }
        peers.insert(0, ours);
        keep(&results(file), &about, &peers)?;
    }
    if device == "cpu" {
        about["peak_gflops"] = peak()?;
        keep(&results(file), &about, &[])?;
        scaling(&about)
    } else {
        Ok(())
    }
}

/// What a step costs as the batch and the set of images grow.
fn scaling(about: &Value) -> Result<(), Failure> {
    let (mut of_batches, mut of_images) = (Vec::new(), Vec::new());
    for model in ["mlp-1x512", "cnn-small"] {
        for batch in ["32", "64", "128", "256", "512", "1024"] {
            of_batches.extend(Row::read(&time(model, "cpu", [batch, batch])?, batch));
        }
        for images in ["500", "2000", "10000", "50000"] {
            of_images.extend(Row::read(&time(model, "cpu", ["128", images])?, images));
        }
    }
    keep(&results("scaling.json"), about, &of_batches)?;
    keep(&results("images.json"), about, &of_images)
}

fn time(model: &str, device: &str, [batch, images]: [&str; 2]) -> Result<Value, Failure> {
    let mut command = rote();
    command.args([
        "time", "--model", model, "--device", device, "--batch", batch, "--images", images,
        "--rounds", "2",
    ]);
    command.env("RAYON_NUM_THREADS", THREADS);
    let printed = shell::output(&mut command, "mend what is reported above")?;
    Ok(serde_json::from_str(&printed).unwrap_or_default())
}

/// PyTorch with a model warmed up and compiled, waiting for its turns.
struct Torch {
    child: Child,
    printed: Lines<BufReader<ChildStdout>>,
}

impl Torch {
    fn start(model: &str, device: &str) -> Result<Self, Failure> {
        let mut python = python();
        python.args(["--models", model, "--device", device, "--threads", THREADS, "--wait"]);
        python
            .args(["--rounds", "1", "--steps-ms", "1000"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let gone = |error: std::io::Error| {
            Failure::setup(format!("PyTorch could not be started: {error}"), FIX)
        };
        let mut child = python.spawn().map_err(gone)?;
        let stdout = child.stdout.take().ok_or_else(|| gone(ErrorKind::BrokenPipe.into()))?;
        let mut torch = Self { child, printed: BufReader::new(stdout).lines() };
        torch.answer()?;
        Ok(torch)
    }

    /// One round of each mode.
    fn round(&mut self) -> Result<Vec<Value>, Failure> {
        // A program that has ended is found when its answer is read.
        let _ = self.child.stdin.as_mut().map(|stdin| stdin.write_all(b"\n"));
        self.answer()
    }

    /// What it prints up to an empty line.
    fn answer(&mut self) -> Result<Vec<Value>, Failure> {
        let mut rows = Vec::new();
        for line in self.printed.by_ref().map_while(Result::ok) {
            if line.is_empty() {
                return Ok(rows);
            }
            rows.extend(serde_json::from_str::<Value>(&line).ok());
        }
        Err(Failure::setup("PyTorch ended before it had answered; what it said is above", FIX))
    }
}

impl Drop for Torch {
    fn drop(&mut self) {
        // Without its input it ends by itself; if it has ended already, there is nothing to do.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn python() -> Command {
    let mut python = Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    python.current_dir(peers_folder()).arg("torch.py");
    python
}

/// What PyTorch's product of two 2048 x 2048 matrices reaches: a yardstick for a step.
fn peak() -> Result<Value, Failure> {
    let printed = shell::output(python().args(["--peak", "--threads", THREADS]), FIX)?;
    let printed: Value = serde_json::from_str(&printed).unwrap_or_default();
    Ok(printed["gflops"].clone())
}

fn join(row: &mut Row, more: Option<Row>) {
    if let Some(more) = more {
        row.step_ms.extend(more.step_ms);
        row.losses = more.losses;
    }
}

fn empty() -> Row {
    Row {
        model: String::new(),
        participant: String::new(),
        step_ms: Vec::new(),
        losses: Vec::new(),
        failed: None,
    }
}

/// The date, as the system writes it.
pub(super) fn today() -> String {
    shell::answer(Command::new("date").arg("+%Y-%m-%d")).unwrap_or_default()
}
