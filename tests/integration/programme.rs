//! The whole programme at its smallest, and the document that is made of it.

use std::fs;

use crate::command_line::rote;

/// Claims that must hold even on a few dozen images. The others are about what takes more pictures to be seen.
const HOLD_AT_ANY_SIZE: [&str; 8] = [
    "inception-small fits random labels",
    "alexnet-small fits random labels",
    "mlp-3x512 fits random labels",
    "mlp-1x512 fits random labels",
    "inception-small is at chance on test images after random labels",
    "alexnet-small is at chance on test images after random labels",
    "mlp-3x512 is at chance on test images after random labels",
    "mlp-1x512 is at chance on test images after random labels",
];

#[test]
fn every_experiment_runs_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let output = rote(folder.path(), &line.split_whitespace().collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run("run all --scale smoke --device cpu");
    run("report");
    let text = fs::read_to_string(folder.path().join("docs/results.md")).unwrap();
    assert!(!text.contains("| *not run* |"), "{text}");
    for claim in HOLD_AT_ANY_SIZE {
        let line =
            text.lines().find(|line| line.contains(&format!("| {claim} |"))).unwrap_or_default();
        assert!(line.contains("| holds |"), "{claim}: {line}");
    }
    // True labels teach something about new pictures even at 200 images; random ones do not.
    let test = |row: &str| -> f64 {
        let line =
            text.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap_or_default();
        line.split('|')
            .nth(6)
            .and_then(|cell| cell.trim().parse().ok())
            .unwrap_or_else(|| panic!("{row}: {line}"))
    };
    for network in ["mlp-1x512", "mlp-3x512"] {
        assert!(
            test(&format!("{network}/plain")) > test(&format!("{network}/random-labels")) + 5.0,
            "{network}"
        );
    }
    for figure in ["fig1a", "fig1b", "fig1c", "fig2b"] {
        for look in ["light", "dark"] {
            let svg = fs::read_to_string(
                folder.path().join(format!("docs/results/smoke-{figure}-{look}.svg")),
            )
            .unwrap();
            assert!(
                svg.starts_with("<svg") && svg.contains("</svg>") && !svg.contains("NaN"),
                "{figure}"
            );
        }
    }
    let compared = run("compare results/smoke results/smoke");
    assert!(compared.contains(" 0 only in A, 0 only in B"), "{compared}");
}
