//! Scripts as they travel: without indentation and without comments that have lines of their own, which weigh a tenth of the
//! scripts after Brotli. A minifier would save another tenth, and be one more tool to bring.

/// A script whose lines say the same. No text of ours, nor of wasm-bindgen, goes over several lines; a script with one that
/// does is left as it is.
pub fn light(script: &str) -> String {
    if script.lines().any(|line| is_code(line.trim()) && line.matches('`').count() % 2 == 1) {
        return script.into();
    }
    let mut is_comment = false;
    let mut light = String::with_capacity(script.len());
    for line in script.lines().map(str::trim) {
        if is_comment || line.starts_with("/*") {
            is_comment = !line.ends_with("*/");
        } else if is_code(line) {
            light += line;
            light.push('\n');
        }
    }
    light
}

fn is_code(line: &str) -> bool {
    !line.is_empty() && !["//", "/*", "* "].iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let script = "// About.\nconst a = \"// no comment\";\n/**\n * @param {x} `y`\n */\nfunction f() {\n    return a; // why\n}\n/* one */\nf();\n";
        assert_eq!(
            light(script),
            "const a = \"// no comment\";\nfunction f() {\nreturn a; // why\n}\nf();\n"
        );
    }

    #[test]
    fn a_text_over_several_lines_is_not_touched() {
        let script = "const text = `one\n    // two`;\n";
        assert_eq!(light(script), script);
    }
}
