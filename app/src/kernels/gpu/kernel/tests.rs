//! How a text is expanded, and that every browser takes what comes of it: naga, which reads it on a desktop, takes more
//! than the language allows.

use super::*;

#[test]
fn loops_and_conditions_are_written_out() {
    let text = "//# for i in 0..$N\n//# for r in x y\na$i$r += $Nu;\n//# end\n//# end\n\
                //# if NO\nyes\n//# else\nno\n//# end\nrest\n";
    let expected = "a0x += 2u;\na0y += 2u;\na1x += 2u;\na1y += 2u;\nno\nrest\n";
    assert_eq!(expand(text, &BTreeMap::from([("N", 2)])), expected);
}

const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="];
const COMPARISONS: [&str; 6] = ["<=", ">=", "==", "!=", "<", ">"];
const LOGICAL: [&str; 2] = ["&&", "||"];
const SHIFTS: [&str; 2] = ["<<", ">>"];
const BITWISE: [&str; 3] = ["&", "|", "^"];
const ARITHMETIC: [&str; 5] = ["+", "-", "*", "/", "%"];
/// What ends an expression, or stands before one.
const BORDERS: [&str; 6] = [",", ";", ":", "{", "}", "->"];
const KEYWORDS: [&str; 4] = ["if", "return", "while", "let"];
const TYPES: [&str; 4] = ["array", "bitcast", "var", "vec4"];

/// The names, numbers and signs of a text; types are without what they are of.
fn tokens(text: &str) -> Vec<&str> {
    // Longer ones first.
    let all: [&[&str]; 6] =
        [&BORDERS, &ASSIGNMENTS[..10], &LOGICAL, &SHIFTS, &COMPARISONS, &BITWISE];
    let signs: Vec<&str> = all.concat();
    let mut tokens: Vec<&str> = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let is_name = |letter: char| letter.is_alphanumeric() || "_.@".contains(letter);
            let length = if is_name(first) {
                rest.find(|letter| !is_name(letter)).unwrap_or(rest.len())
            } else if first == '<' && tokens.last().is_some_and(|last| TYPES.contains(last)) {
                rest = &rest[rest.find('>').expect("a type ends on its line") + 1..];
                continue;
            } else {
                signs.iter().find(|sign| rest.starts_with(**sign)).map_or(1, |sign| sign.len())
            };
            tokens.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// What WGSL does not allow among the operators of one expression outside of its parentheses, if anything.
fn fault(operators: &[&str]) -> Option<&'static str> {
    let has = |some: &[&str], of: &[&str]| of.iter().any(|own| some.contains(own));
    let is_alone = |own: &str| operators.iter().all(|other| *other == own);
    if BITWISE.iter().any(|own| operators.contains(own) && !is_alone(own)) {
        return Some("`&`, `|` or `^` beside another operator");
    }
    if LOGICAL.iter().all(|own| operators.contains(own)) {
        return Some("`&&` beside `||`");
    }
    let conditions = operators.split(|own| LOGICAL.contains(own));
    conditions.into_iter().find_map(|condition| {
        let mut sides = condition.split(|own| COMPARISONS.contains(own));
        if sides.clone().count() > 2 {
            return Some("a chain of comparisons");
        }
        sides
            .any(|side| side.len() > 1 && has(&SHIFTS, side))
            .then_some("a shift beside another operator")
    })
}

/// The first expression of a text that the grammar refuses: what is wrong, and what stands before it.
fn refused(text: &str) -> Option<String> {
    let tokens = tokens(text);
    // The operators of every expression that has begun, each within the parentheses of the one before.
    let mut open: Vec<Vec<&str>> = vec![Vec::new()];
    let mut is_operand = false;
    for (at, &token) in tokens.iter().enumerate() {
        let is_binary = [&LOGICAL[..], &SHIFTS, &COMPARISONS, &BITWISE, &ARITHMETIC]
            .iter()
            .any(|some| some.contains(&token));
        let ended = match token {
            "(" | "[" => {
                open.push(Vec::new());
                None
            }
            ")" | "]" => open.pop(),
            _ if BORDERS.contains(&token)
                || ASSIGNMENTS.contains(&token)
                || KEYWORDS.contains(&token) =>
            {
                open.last_mut().map(std::mem::take)
            }
            // Else it is a sign: `-x`, `&x`.
            _ if is_binary && is_operand => {
                open.last_mut().expect("parentheses match").push(token);
                None
            }
            _ => None,
        };
        if let Some(fault) = ended.and_then(|operators| fault(&operators)) {
            return Some(format!("{fault}: {}", tokens[at.saturating_sub(30)..=at].join(" ")));
        }
        let is_name = token.starts_with(|first: char| first.is_alphanumeric() || first == '_');
        is_operand = [")", "]"].contains(&token) || is_name && !KEYWORDS.contains(&token);
    }
    assert_eq!(open.len(), 1, "parentheses match");
    None
}

/// All that can be set in a text: its conditions on and off, in every combination, and the widths of a tile.
fn all_settings(text: &'static str) -> Vec<BTreeMap<&'static str, u32>> {
    let conditions = text.lines().filter_map(|line| line.trim().strip_prefix("//# if "));
    let conditions: BTreeMap<_, _> = conditions.map(|name| (name, ())).collect();
    let mut all = vec![BTreeMap::new()];
    for name in conditions.into_keys() {
        let on = all.clone().into_iter().map(|mut settings: BTreeMap<_, _>| {
            settings.insert(name, 1);
            settings
        });
        all.extend(on.collect::<Vec<_>>());
    }
    if text.contains("$NT") {
        let with = |width: u32, settings: &BTreeMap<&'static str, u32>| {
            let mut settings = settings.clone();
            settings.extend([("NT", width), ("LOADS", 16 / width)]);
            settings
        };
        all =
            [8, 16].iter().flat_map(|&width| all.iter().map(move |one| with(width, one))).collect();
    }
    all
}

#[test]
fn no_text_mixes_operators_that_wgsl_wants_in_parentheses() {
    let mut texts = 0;
    for (name, ..) in KERNELS {
        let text: &'static str = source(name).leak();
        for settings in all_settings(text) {
            let fault = refused(&expand(text, &settings));
            assert_eq!(fault, None, "{name} with {settings:?}");
            texts += 1;
        }
    }
    // Twenty-four kernels; the products alone have 2^4 or 2^5 variants each.
    assert!(texts > 150, "{texts}");
}

#[test]
fn what_wgsl_wants_in_parentheses_is_told_from_what_it_takes() {
    for wrong in [
        "let x = (value > best | is_nan(value)) & !is_nan(best);",
        "if a & b == c { return; }",
        "let x = a & b | c;",
        "x = a ^ b + 1;",
        "return a && b || c;",
        "let x = f(a, b << 2u + 1u);",
        "let x = a[i * 4u >> 1u];",
        "let x = a < b == c;",
    ] {
        assert!(refused(wrong).is_some(), "{wrong}");
    }
    for right in [
        "let x = ((value > best) | is_nan(value)) & !is_nan(best);",
        "for (var i = -4; i <= 4 && -i < b * 2; i += 1) { x |= a; }",
        "let p = workgroupUniformLoad(&shared_parameters);",
        "let x = (bitcast<tu>(value) & tu(0x7fffffffu)) > tu(0x7f800000u);",
        "return a | b | -c; // a < b | c",
        "x = a << 2u < b; var<workgroup> tile: array<vec4f, 16 * 8>; let y = vec4<bool>(a < b);",
    ] {
        assert_eq!(refused(right), None, "{right}");
    }
}
