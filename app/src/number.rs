//! How every float is written for other programs and read back: `#[serde(with = "crate::number")]` stands on every `f32` and
//! `f64` of whatever is written as JSON, and a test reads the sources to see that it does.
//!
//! JSON has no word for what is not finite, and serde writes `null`, which it then refuses to read as a number. So a finite
//! float is a number, and the others are the texts `"NaN"`, `"Infinity"` and `"-Infinity"`: those of Protocol Buffers' JSON,
//! which `float` of Python, `Number` of JavaScript and pandas read as what they are. `null` in a field that must have a value
//! is read as NaN, because that is what was written before.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A field's type: a float, or one that may be missing, or a list of them.
pub trait JsonFloat: Sized {
    /// Writes it as JSON can hold it.
    ///
    /// # Errors
    /// Those of the writer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads what [`JsonFloat::write`] wrote.
    ///
    /// # Errors
    /// If it is neither a number nor one of the three texts.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// For `serde(with)`: see [`JsonFloat::write`].
///
/// # Errors
/// Those of the writer.
pub fn serialize<N: JsonFloat, S: Serializer>(value: &N, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// For `serde(with)`: see [`JsonFloat::read`].
///
/// # Errors
/// If it is neither a number nor one of the three texts.
pub fn deserialize<'de, N: JsonFloat, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<N, D::Error> {
    N::read(deserializer)
}

/// The text of a float that is not finite.
fn text(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

impl JsonFloat for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            serializer.serialize_f64(*self)
        } else {
            serializer.serialize_str(text(*self))
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(deserializer.deserialize_any(Reader)?.unwrap_or(Self::NAN))
    }
}

impl JsonFloat for f32 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            serializer.serialize_f32(*self)
        } else {
            serializer.serialize_str(text(f64::from(*self)))
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An `f32` is written with so many digits that their nearest `f64` is nearest to no other `f32`.
        Ok(f64::read(deserializer)? as Self)
    }
}

/// None is `null`.
impl<N: JsonFloat> JsonFloat for Option<N> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<N>>::deserialize(deserializer)?.map(|read| read.0))
    }
}

impl<N: JsonFloat> JsonFloat for Vec<N> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Vec::<Read<N>>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|read| read.0).collect())
    }
}

/// One of a list, on its way out.
struct Written<'a, N>(&'a N);

impl<N: JsonFloat> Serialize for Written<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// One of a list, or one that is not missing, on its way in.
struct Read<N>(N);

impl<'de, N: JsonFloat> Deserialize<'de> for Read<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        N::read(deserializer).map(Self)
    }
}

/// A float of a field that may be missing, where `null` is no missing one: with `serde(default)`.
#[derive(Default)]
pub struct Given(Option<f64>);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::read(deserializer).map(|value| Self(Some(value)))
    }
}

impl From<Given> for Option<f64> {
    fn from(given: Given) -> Self {
        given.0
    }
}

/// None of `null`.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Option<f64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        let known = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let found = known.into_iter().find(|known| text(*known) == value);
        found.map(Some).ok_or_else(|| E::invalid_value(de::Unexpected::Str(value), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    struct Kinds {
        #[serde(with = "crate::number")]
        single: f32,
        #[serde(with = "crate::number")]
        double: f64,
        #[serde(with = "crate::number", default)]
        optional: Option<f64>,
        #[serde(with = "crate::number")]
        list: Vec<f32>,
    }

    fn written(value: f64) -> String {
        let kinds = Kinds {
            single: value as f32,
            double: value,
            optional: Some(value),
            list: vec![value as f32; 2],
        };
        serde_json::to_string(&kinds).unwrap()
    }

    #[test]
    fn what_is_not_finite_is_told_apart_and_read_back_as_what_it_was() {
        for (value, text) in [
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
            (-2.5, "-2.5"),
            (0.0, "0.0"),
        ] {
            let json = written(value);
            let expected = format!(
                "{{\"single\":{text},\"double\":{text},\"optional\":{text},\"list\":[{text},{text}]}}"
            );
            assert_eq!(json, expected);
            let read: Kinds = serde_json::from_str(&json).unwrap();
            let same = |found: f64| found.to_bits() == value.to_bits();
            assert!(
                same(read.double)
                    && same(f64::from(read.single))
                    && read.optional.is_some_and(same)
                    && read.list.iter().all(|&found| same(f64::from(found))),
                "{value}: {read:?}"
            );
        }
    }

    #[test]
    fn null_is_none_where_there_may_be_none_and_not_a_number_elsewhere() {
        let read: Kinds = serde_json::from_str(
            "{\"single\":null,\"double\":null,\"optional\":null,\"list\":[null,3]}",
        )
        .unwrap();
        assert!(read.single.is_nan() && read.double.is_nan() && read.list[0].is_nan());
        assert_eq!((read.optional, read.list[1]), (None, 3.0));
        let refused = serde_json::from_str::<Kinds>(&written(1.0).replacen("1.0", "\"one\"", 1));
        assert!(refused.unwrap_err().to_string().contains("\"Infinity\""));
    }

    #[test]
    fn every_single_is_read_back_to_the_bit() {
        // Among them halves of units in the last place, and the smallest there are.
        let mut bits = 1_u32;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f32::from_bits(bits);
            if value.is_finite() {
                let json = serde_json::to_string(&super::Written(&value)).unwrap();
                let read: super::Read<f32> = serde_json::from_str(&json).unwrap();
                assert_eq!(read.0.to_bits(), bits, "{json}");
            }
        }
    }
}
