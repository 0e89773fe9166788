//! A table as JSON: an object a line.

use serde_json::{Map, Value};

use crate::train::{Cell, Table};

/// One object for each row, with the columns' names as keys; what is empty is left out.
pub(super) fn of(table: &Table) -> String {
    let mut text = String::new();
    for row in &table.rows {
        let cells = table.columns.iter().zip(row);
        let object: Map<String, Value> =
            cells.filter_map(|((name, _), cell)| Some((name.to_string(), value(cell)?))).collect();
        text += &Value::Object(object).to_string();
        text += "\n";
    }
    text
}

fn value(cell: &Cell) -> Option<Value> {
    match cell {
        Cell::Text(text) => text.as_deref().map(Value::from),
        Cell::Whole(number) => number.map(Value::from),
        Cell::Number(number) => number.and_then(|number| {
            // A `Value` of its own would be null where the number is not finite. Writing to memory does not fail.
            crate::number::serialize(&number, serde_json::value::Serializer).ok()
        }),
        Cell::Switch(is_on) => is_on.map(Value::from),
    }
}
