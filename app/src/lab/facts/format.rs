//! Numbers as a person reads them.

/// `0.1234` as `12.3 %`.
pub fn percent(fraction: f64) -> String {
    let tenths = (fraction * 1000.0).round() / 10.0;
    // 100 % is said only where nothing is missing.
    let tenths = if fraction < 1.0 && tenths >= 100.0 { 99.9 } else { tenths };
    format!("{tenths} %")
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 epoch`, `60 epochs`.
pub fn epochs_words(epochs: u64) -> String {
    format!("{} epoch{}", grouped(epochs), if epochs == 1 { "" } else { "s" })
}

/// A message as a sentence: its first letter large, a full stop at its end.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let first: String =
        letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Seconds as `45 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Seconds as a person says them before they have passed: `45 s`, `16 min`, `2 h 5 min`.
pub fn rough(seconds: f64) -> String {
    match seconds {
        ..60.0 | 3600.0.. => duration(seconds.max(1.0)),
        _ => format!("{} min", (seconds / 60.0).round()),
    }
}

/// Bytes as `1.7 MB`.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// At most two significant digits, as text: what a slider can say.
pub fn two_digits(value: f64) -> String {
    if value <= 0.0 {
        return "0".into();
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    let rounded = (value / unit).round() * unit;
    // The product may be 0.30000000000000004; as many decimals as the unit has are enough.
    let decimals = (-unit.log10().floor()).max(0.0) as usize;
    let text = format!("{rounded:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_something_is_said_only_where_nothing_is_missing() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(0.1234), "12.3 %");
    }

    #[test]
    fn numbers_are_written_as_a_person_reads_them() {
        assert_eq!(
            [grouped(999), grouped(1000), grouped(1_234_567)],
            ["999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [duration(44.6), duration(200.0), duration(7500.0)],
            ["45 s", "3 min 20 s", "2 h 5 min"]
        );
        assert_eq!(
            [two_digits(0.3), two_digits(0.000123), two_digits(1234.0)],
            ["0.3", "0.00012", "1200"]
        );
        assert_eq!(megabytes(1_700_000), "1.7 MB");
    }

    #[test]
    fn a_message_becomes_a_sentence_once() {
        assert_eq!(sentence(" the seed is no number"), "The seed is no number.");
        assert_eq!(sentence("Try again!"), "Try again!");
        assert_eq!(sentence(&sentence("ends")), "Ends.");
    }
}
