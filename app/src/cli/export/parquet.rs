//! A table as a Parquet file: one group of rows, one compressed page a column, values plain. Enough for every reader of the
//! format, and two hundred lines instead of a library that takes longer to compile than the charts.
//!
//! Layout (<https://parquet.apache.org/docs/file-format/>): the magic, the pages, what is where as a Thrift struct in its
//! compact protocol, the length of that, the magic.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::train::{Cell, Table};

const MAGIC: &[u8] = b"PAR1";

/// The types of Parquet that a column can have.
#[derive(Clone, Copy)]
enum Type {
    Boolean = 0,
    Int64 = 2,
    Double = 5,
    Bytes = 6,
}

// Parquet's words for the numbers below.
const DATA_PAGE: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const GZIP: i64 = 2;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;

impl Type {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Text(_) => Self::Bytes,
            Cell::Whole(_) => Self::Int64,
            Cell::Number(_) => Self::Double,
            Cell::Switch(_) => Self::Boolean,
        }
    }
}

/// Where a column's page is.
struct Chunk {
    offset: usize,
    /// With the page's head, before and after compression.
    plain_length: usize,
    length: usize,
}

/// The table as the bytes of a Parquet file.
pub(super) fn file(table: &Table) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut chunks = Vec::new();
    for column in 0..table.columns.len() {
        let page = page(table.rows.iter().map(|row| &row[column]));
        let packed = packed(&page);
        let mut head = Thrift::default();
        head.number(1, DATA_PAGE);
        head.number(2, page.len() as i64);
        head.number(3, packed.len() as i64);
        head.begin(5);
        head.number(1, table.rows.len() as i64);
        head.number(2, PLAIN);
        // Which cells are empty, and how deep lists are: there are none.
        head.number(3, RLE);
        head.number(4, RLE);
        head.end();
        head.stop();
        let (offset, head) = (file.len(), head.bytes);
        let (plain_length, length) = (head.len() + page.len(), head.len() + packed.len());
        chunks.push(Chunk { offset, plain_length, length });
        file.extend(head);
        file.extend(packed);
    }
    let tail = tail(table, &chunks);
    file.extend(&tail);
    file.extend((tail.len() as u32).to_le_bytes());
    file.extend(MAGIC);
    file
}

fn packed(page: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    packed.write_all(page).and_then(|()| packed.finish()).unwrap_or_default()
}

/// Which cells are filled, then the values of those that are.
fn page<'a>(cells: impl Iterator<Item = &'a Cell>) -> Vec<u8> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let mut switches: Vec<bool> = Vec::new();
    // Runs of filled or empty cells: how many, twice, then which.
    let (mut run, mut is_run_filled) = (0_u64, false);
    for cell in cells {
        let is_filled = match cell {
            Cell::Text(text) => text.as_deref().map(|text| {
                values.extend((text.len() as u32).to_le_bytes());
                values.extend(text.bytes());
            }),
            Cell::Whole(number) => number.map(|number| values.extend(number.to_le_bytes())),
            Cell::Number(number) => number.map(|number| values.extend(number.to_le_bytes())),
            Cell::Switch(is_on) => is_on.map(|is_on| switches.push(is_on)),
        }
        .is_some();
        if is_filled != is_run_filled && run > 0 {
            varint(&mut levels, run << 1);
            levels.push(is_run_filled.into());
            run = 0;
        }
        (run, is_run_filled) = (run + 1, is_filled);
    }
    if run > 0 {
        varint(&mut levels, run << 1);
        levels.push(is_run_filled.into());
    }
    // Eight to a byte, the first in the lowest bit.
    let bit = |byte: u8, (at, is_on): (usize, &bool)| byte | u8::from(*is_on) << at;
    values.extend(switches.chunks(8).map(|eight| eight.iter().enumerate().fold(0, bit)));
    let mut page = (levels.len() as u32).to_le_bytes().to_vec();
    page.extend(levels);
    page.extend(values);
    page
}

/// What the file says of itself: the columns, and where they are.
fn tail(table: &Table, chunks: &[Chunk]) -> Vec<u8> {
    let count = table.rows.len() as i64;
    let mut tail = Thrift::default();
    tail.number(1, 1);
    tail.list(2, table.columns.len() + 1);
    tail.item();
    tail.text(4, "schema");
    tail.number(5, table.columns.len() as i64);
    tail.stop();
    for (name, sample) in &table.columns {
        let kind = Type::of(sample);
        tail.item();
        tail.number(1, kind as i64);
        tail.number(3, OPTIONAL);
        tail.text(4, name);
        if matches!(kind, Type::Bytes) {
            tail.number(6, UTF8);
        }
        tail.stop();
    }
    tail.long(3, count);
    tail.list(4, 1);
    tail.item();
    tail.list(1, chunks.len());
    for ((name, sample), chunk) in table.columns.iter().zip(chunks) {
        tail.item();
        tail.long(2, chunk.offset as i64);
        tail.begin(3);
        tail.number(1, Type::of(sample) as i64);
        tail.numbers(2, &[PLAIN, RLE]);
        tail.texts(3, &[name]);
        tail.number(4, GZIP);
        tail.long(5, count);
        tail.long(6, chunk.plain_length as i64);
        tail.long(7, chunk.length as i64);
        tail.long(9, chunk.offset as i64);
        tail.end();
        tail.stop();
    }
    tail.long(2, chunks.iter().map(|chunk| chunk.plain_length as i64).sum());
    tail.long(3, count);
    tail.stop();
    tail.text(6, "rote");
    tail.stop();
    tail.bytes
}

/// Thrift's compact protocol, as far as it is needed: fields are numbered, and each says how far its number is from the one
/// before.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    /// The last field of each struct that is open but the innermost.
    outer: Vec<u8>,
    last: u8,
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Thrift {
    fn field(&mut self, field: u8, kind: u8) {
        // Fields are written in order and are at most fifteen apart.
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    fn number(&mut self, field: u8, value: i64) {
        self.field(field, I32);
        self.signed(value);
    }

    fn long(&mut self, field: u8, value: i64) {
        self.field(field, I64);
        self.signed(value);
    }

    fn text(&mut self, field: u8, text: &str) {
        self.field(field, BINARY);
        self.words(text);
    }

    fn numbers(&mut self, field: u8, values: &[i64]) {
        self.field(field, LIST);
        self.length(values.len(), I32);
        values.iter().for_each(|value| self.signed(*value));
    }

    fn texts(&mut self, field: u8, texts: &[&str]) {
        self.field(field, LIST);
        self.length(texts.len(), BINARY);
        texts.iter().for_each(|text| self.words(text));
    }

    /// A list of so many structs; each begins with [`Self::item`] and ends with [`Self::stop`].
    fn list(&mut self, field: u8, count: usize) {
        self.field(field, LIST);
        self.length(count, STRUCT);
    }

    fn item(&mut self) {
        self.outer.push(self.last);
        self.last = 0;
    }

    /// A struct as a field; ends with [`Self::end`].
    fn begin(&mut self, field: u8) {
        self.field(field, STRUCT);
        self.item();
    }

    fn end(&mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        self.bytes.push(0);
        self.last = self.outer.pop().unwrap_or(0);
    }

    fn length(&mut self, count: usize, kind: u8) {
        match u8::try_from(count) {
            Ok(few) if few < 15 => self.bytes.push(few << 4 | kind),
            _ => {
                self.bytes.push(0xf0 | kind);
                varint(&mut self.bytes, count as u64);
            }
        }
    }

    fn words(&mut self, text: &str) {
        varint(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.bytes());
    }

    fn signed(&mut self, value: i64) {
        // Small numbers of either sign are short.
        varint(&mut self.bytes, (value << 1 ^ value >> 63) as u64);
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::TableRow;

    fn table() -> Table {
        let row = |text: Option<&'static str>, number, is_on| -> TableRow {
            vec![
                ("text".into(), Cell::Text(text.map(Into::into))),
                ("whole".into(), Cell::Whole(text.map(|text| text.len() as u64))),
                ("number".into(), Cell::Number(number)),
                ("switch".into(), Cell::Switch(is_on)),
            ]
        };
        let rows = [
            row(Some("one"), Some(0.5), Some(true)),
            row(None, Some(f64::NAN), None),
            row(Some("ünd"), None, Some(false)),
        ];
        Table::new(row(None, None, None), rows)
    }

    #[test]
    fn a_page_says_which_cells_are_filled_and_holds_their_values() {
        let table = table();
        let column = |at: usize| page(table.rows.iter().map(move |row| &row[at]));
        // Four bytes of length; one filled, one empty, one filled; then "one" and "ünd" behind their lengths.
        let levels = [6, 0, 0, 0, 2, 1, 2, 0, 2, 1];
        assert_eq!(column(0), [&levels[..], b"\x03\0\0\0one\x04\0\0\0\xc3\xbcnd"].concat());
        assert_eq!(column(3), [&levels[..], &[0b01]].concat());
        let number = column(2);
        assert_eq!(number[..8], [4, 0, 0, 0, 4, 1, 2, 0]);
        assert_eq!(number[8..16], 0.5_f64.to_le_bytes());
    }

    #[test]
    fn thrift_numbers_are_written_as_its_specification_says() {
        let mut bytes = Vec::new();
        varint(&mut bytes, 50_399);
        assert_eq!(bytes, [0xdf, 0x89, 0x03], "the example of the compact protocol's page");
        let mut thrift = Thrift::default();
        thrift.number(1, -1);
        thrift.text(4, "a");
        thrift.list(5, 20);
        assert_eq!(thrift.bytes, [0x15, 1, 0x38, 1, b'a', 0x19, 0xfc, 20]);
    }

    #[test]
    fn the_file_ends_with_the_length_of_what_it_says_of_itself() {
        let file = file(&table());
        assert!(file.starts_with(MAGIC) && file.ends_with(MAGIC));
        let at = file.len() - 8;
        let length = u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        // Its first field is the version, 1.
        assert_eq!(file[at - length..][..2], [0x15, 2]);
        assert_eq!(file[at - 1], 0);
    }
}
