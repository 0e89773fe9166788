//! Six short chapters. Each is a question, a prediction, the run, what came of it beside the paper, why, and something to
//! try.

pub mod lesson;
pub mod measure;
pub mod text;

#[cfg(test)]
mod tests;
