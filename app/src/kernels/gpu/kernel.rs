//! Our WGSL as a kernel of cubecl: the text with its loops written out, and the identity under which it is compiled once.

use std::collections::BTreeMap;
use std::fmt::Write;

use cubecl::ir::{
    AddressType, ElemType, Scope, UIntKind, metadata::Info, settings::KernelSettings,
};
use cubecl::prelude::{CubeDim, ExecutionMode, KernelDefinition, KernelId, KernelMetadata};
use cubecl::{CubeKernel, PrecompiledSource};

/// One of our kernels in one of its variants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    name: &'static str,
    settings: BTreeMap<&'static str, u32>,
}

impl Kernel {
    /// A kernel by the name of its file.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, settings: BTreeMap::new() }
    }

    /// Sets a constant of the text; 0 is the same as none.
    pub(super) fn with(mut self, setting: &'static str, value: impl Into<u32>) -> Self {
        let value = value.into();
        if value != 0 {
            self.settings.insert(setting, value);
        }
        self
    }

    /// The WGSL.
    fn text(&self) -> String {
        const ELEMENTS: &str = include_str!("wgsl/elements.wgsl");
        const NEIGHBOURS: &str = include_str!("wgsl/neighbours.wgsl");
        const PRODUCT: &str = include_str!("wgsl/product.wgsl");
        macro_rules! elements {
            ($($name:literal)*) => {
                match self.name {
                    "rows_software" => vec![PRODUCT, include_str!("wgsl/rows_software.wgsl")],
                    "rows_hardware" => vec![PRODUCT, include_str!("wgsl/rows_hardware.wgsl")],
                    "columns_software" => vec![PRODUCT, include_str!("wgsl/columns_software.wgsl")],
                    "columns_hardware" => vec![PRODUCT, include_str!("wgsl/columns_hardware.wgsl")],
                    "combine" => vec![PRODUCT, include_str!("wgsl/combine.wgsl")],
                    "response" => vec![ELEMENTS, NEIGHBOURS, include_str!("wgsl/response.wgsl")],
                    "response_gradient" => vec![ELEMENTS, NEIGHBOURS, include_str!("wgsl/response_gradient.wgsl")],
                    "softmax" => vec![include_str!("wgsl/softmax.wgsl")],
                    $($name => vec![ELEMENTS, include_str!(concat!("wgsl/", $name, ".wgsl"))],)*
                    name => unreachable!("no kernel is called {name}"),
                }
            };
        }
        let parts = elements!("gather" "keep" "mask_sums" "max_pool" "max_pool_gradient" "mean_pool" "mean_pool_gradient"
            "moments" "moments_finish" "multiply" "normalize" "normalize_finish" "normalize_gradient" "normalize_sums"
            "sgd" "sums" "transpose");
        expand(&parts.concat(), &self.settings)
    }
}

impl KernelMetadata for Kernel {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.clone())
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for Kernel {
    /// Only keys caches: the text below is the kernel.
    fn define(&self) -> KernelDefinition {
        let settings =
            KernelSettings::new(CubeDim::new_single().0, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.text(),
            entrypoint_name: "main".into(),
            lang: "wgsl",
        })
    }
}

/// Writes out `//# for x in ..` and `//# if NAME`, and replaces `$x` and `$NAME`. The compilers of browsers leave loops
/// rolled, and a register tile that is indexed in a loop is no register tile.
fn expand(text: &str, settings: &BTreeMap<&'static str, u32>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut output = String::new();
    let mut expansion = Expansion { lines: &lines, settings, output: &mut output };
    expansion.block(0, &mut BTreeMap::new(), true);
    output
}

struct Expansion<'a> {
    lines: &'a [&'a str],
    settings: &'a BTreeMap<&'static str, u32>,
    output: &'a mut String,
}

impl Expansion<'_> {
    /// Writes lines from `at` until the block ends; returns the line behind its `end` or `else`.
    fn block(
        &mut self,
        mut at: usize,
        variables: &mut BTreeMap<char, String>,
        emit: bool,
    ) -> usize {
        while let Some(line) = self.lines.get(at) {
            at += 1;
            match line.trim().strip_prefix("//# ") {
                None if emit => {
                    let line = self.substitute(line, variables);
                    writeln!(self.output, "{line}").expect("a String takes what is written to it");
                }
                None => {}
                Some("end" | "else") => return at,
                Some(directive) => at = self.directive(directive, at, variables, emit),
            }
        }
        at
    }

    fn directive(
        &mut self,
        directive: &str,
        at: usize,
        variables: &mut BTreeMap<char, String>,
        emit: bool,
    ) -> usize {
        if let Some(name) = directive.strip_prefix("if ") {
            let on = self.settings.contains_key(name);
            let behind = self.block(at, variables, emit && on);
            let is_else = self.lines[behind - 1].trim() == "//# else";
            return if is_else { self.block(behind, variables, emit && !on) } else { behind };
        }
        let (variable, list) = directive
            .strip_prefix("for ")
            .and_then(|rest| rest.split_once(" in "))
            .expect("kernels are part of the program: directives are `if` and `for x in list`");
        let variable = variable.chars().next().expect("a variable has a name");
        let list = self.substitute(list, variables);
        let items: Vec<String> = match list.split_once("..") {
            Some((from, to)) => {
                let bound = |text: &str| text.parse::<u32>().expect("bounds are numbers");
                (bound(from)..bound(to)).map(|item| item.to_string()).collect()
            }
            None => list.split(' ').map(str::to_owned).collect(),
        };
        let mut behind = at;
        for item in items {
            variables.insert(variable, item);
            behind = self.block(at, variables, emit);
        }
        variables.remove(&variable);
        behind
    }

    /// `$x` is a variable of one small letter, `$NAME` a setting.
    fn substitute(&self, line: &str, variables: &BTreeMap<char, String>) -> String {
        let mut parts = line.split('$');
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let length = part.chars().take_while(char::is_ascii_uppercase).count();
            if length > 0 {
                let value = self.settings.get(&part[..length]).copied().unwrap_or(0);
                write!(result, "{value}").expect("a String takes what is written to it");
                result.push_str(&part[length..]);
            } else {
                let variable = part.chars().next().expect("a `$` is followed by a name");
                result.push_str(
                    variables.get(&variable).expect("a variable is used within its loop"),
                );
                result.push_str(&part[1..]);
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_conditions_are_written_out() {
        let text = "//# for i in 0..$N\n//# for r in x y\na$i$r += $Nu;\n//# end\n//# end\n//# if NO\nyes\n//# else\nno\n//# end\nrest\n";
        let expected = "a0x += 2u;\na0y += 2u;\na1x += 2u;\na1y += 2u;\nno\nrest\n";
        assert_eq!(expand(text, &BTreeMap::from([("N", 2)])), expected);
    }
}
