//! Dropping sections of a finished wasm file. Trunk calls wasm-bindgen without the flags that would do it, and a strip
//! in the cargo profile would take away the target features that wasm-bindgen reads.

/// The file without its debug names (a third of it) and without the list of tools that made it.
/// None if `wasm` is not a WebAssembly module.
pub fn without_names(wasm: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = wasm.split_at_checked(8)?;
    if header != b"\0asm\x01\0\0\0" {
        return None;
    }
    let mut kept = header.to_vec();
    while let Some(&id) = rest.first() {
        let (size, after_size) = leb128(rest.get(1..)?)?;
        let section_bytes = rest.len() - after_size.len() + size;
        let body = after_size.get(..size)?;
        if id != 0 || !matches!(custom_name(body)?, b"name" | b"producers") {
            kept.extend_from_slice(&rest[..section_bytes]);
        }
        rest = &rest[section_bytes..];
    }
    Some(kept)
}

/// The file with a custom section of this name behind the others, which programs ignore and
/// `WebAssembly.Module.customSections` reads.
pub fn with_section(wasm: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let body = [&to_leb128(name.len()), name.as_bytes(), content].concat();
    [wasm, &[0], &to_leb128(body.len()), &body].concat()
}

/// An unsigned number in as few bytes of seven bits as it needs.
fn to_leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A custom section begins with its name.
fn custom_name(body: &[u8]) -> Option<&[u8]> {
    let (length, rest) = leb128(body)?;
    rest.get(..length)
}

/// An unsigned LEB128 number of at most 32 bits, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    /// An empty type section: id 1, one byte long, no types.
    const TYPES: &[u8] = &[1, 1, 0];

    fn custom(name: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u8::try_from(1 + name.len() + content.len()).unwrap();
        [&[0, size, u8::try_from(name.len()).unwrap()], name, content].concat()
    }

    #[test]
    fn names_and_producers_are_dropped_and_everything_else_is_kept_in_order() {
        let features = custom(b"target_features", b"+simd128");
        let file = [
            HEADER,
            TYPES,
            &custom(b"name", b"abc"),
            &features,
            &custom(b"producers", b"rustc"),
            TYPES,
        ]
        .concat();
        assert_eq!(without_names(&file).unwrap(), [HEADER, TYPES, &features, TYPES].concat());
    }

    #[test]
    fn a_section_is_added_behind_the_others_and_its_length_is_written_right() {
        let file = [HEADER, TYPES].concat();
        assert_eq!(with_section(&file, "v", b"12"), [&file, &custom(b"v", b"12")[..]].concat());
        // 1 + 1 + 198 = 200 bytes, 0xc8 0x01 as LEB128.
        let long = with_section(&file, "v", &[7; 198]);
        assert_eq!(long[file.len()..][..5], [0, 0xc8, 0x01, 1, b'v']);
        assert_eq!(without_names(&long).unwrap(), long);
    }

    #[test]
    fn a_section_longer_than_127_bytes_is_measured_right() {
        // 200 = 0b1_1001000, so LEB128 writes 0xc8 0x01.
        let long = [&[10, 0xc8, 0x01], [7; 200].as_slice()].concat();
        let file = [HEADER, &long, &custom(b"name", b"x")].concat();
        assert_eq!(without_names(&file).unwrap(), [HEADER, &long].concat());
    }

    #[test]
    fn a_file_that_is_cut_off_or_no_wasm_is_refused() {
        assert_eq!(without_names(b"<html>"), None);
        assert_eq!(without_names(b"<!doctype html>"), None);
        assert_eq!(without_names(&[HEADER, &[1, 9, 0]].concat()), None);
    }
}
