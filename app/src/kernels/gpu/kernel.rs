//! Our WGSL as a kernel of cubecl: the text with its loops written out, and the identity under which it is compiled
//! once.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write;

use cubecl::ir::{
    AddressType, ElemType, Scope, UIntKind, metadata::Info, settings::KernelSettings,
};
use cubecl::prelude::{CubeDim, ExecutionMode, KernelDefinition, KernelId, KernelMetadata};
use cubecl::{CubeKernel, PrecompiledSource};

/// What kernels share that have one invocation an element.
const ELEMENTS: &[&str] = &[include_str!("wgsl/elements.wgsl")];
/// What those of local response normalization share.
const LRN: &[&str] = &[include_str!("wgsl/elements.wgsl"), include_str!("wgsl/neighbours.wgsl")];
/// What the products share.
const PRODUCT: &[&str] = &[include_str!("wgsl/product.wgsl")];

/// A kernel: its name, which is that of its file, what it shares with others, and its own text.
macro_rules! kernel {
    ($name:literal, $shared:ident) => {
        ($name, $shared, include_str!(concat!("wgsl/", $name, ".wgsl")))
    };
}

/// All of them.
const KERNELS: &[(&str, &[&str], &str)] = &[
    kernel!("bias_gradient", ELEMENTS),
    kernel!("columns_hardware", PRODUCT),
    kernel!("columns_software", PRODUCT),
    kernel!("combine", PRODUCT),
    kernel!("gather", ELEMENTS),
    kernel!("lrn", LRN),
    kernel!("lrn_gradient", LRN),
    kernel!("max_pool", ELEMENTS),
    kernel!("max_pool_gradient", ELEMENTS),
    kernel!("mean_pool", ELEMENTS),
    kernel!("mean_pool_gradient", ELEMENTS),
    kernel!("moments", ELEMENTS),
    kernel!("moments_finish", ELEMENTS),
    kernel!("multiply", ELEMENTS),
    kernel!("normalize", ELEMENTS),
    kernel!("normalize_finish", ELEMENTS),
    kernel!("normalize_gradient", ELEMENTS),
    kernel!("normalize_sums", ELEMENTS),
    kernel!("relu_backward", ELEMENTS),
    kernel!("rows_hardware", PRODUCT),
    kernel!("rows_software", PRODUCT),
    kernel!("sgd", ELEMENTS),
    kernel!("softmax", ELEMENTS),
    kernel!("transpose", ELEMENTS),
];

/// The text of a kernel before its loops are written out.
fn source(name: &str) -> String {
    let kernel = KERNELS.iter().find(|kernel| kernel.0 == name);
    let (_, shared, own) = kernel.unwrap_or_else(|| unreachable!("no kernel is called {name}"));
    shared.concat() + own
}

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
        expand(&source(self.name), &self.settings)
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
