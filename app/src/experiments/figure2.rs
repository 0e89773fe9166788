//! Figure 2b: the Inception with batch norm and without, nothing else regularized. Both are rows of Table 1.

use super::table1::plain_row;
use super::{Row, Scale};
use crate::data::Condition;
use crate::models::ModelName::InceptionSmall;

/// The figure's grid.
pub(super) fn rows(scale: Scale) -> Vec<Row> {
    let row = |batch_norm| plain_row(scale, InceptionSmall, batch_norm, Condition::TrueLabels);
    [true, false].into_iter().filter_map(row).collect()
}
