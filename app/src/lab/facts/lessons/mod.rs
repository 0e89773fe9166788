//! Six short chapters. Each is a question, a prediction, the run, what came of it beside the paper, how it is understood, and
//! something to try.

pub mod lesson;
pub mod measure;
pub mod text;
pub mod told;

#[cfg(test)]
mod tests;
