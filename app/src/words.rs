//! Values that are written as text: the enums of the recipe, and the numbers beside them.

/// A value with exactly one text. The empty text stands for none in the optional types.
pub(crate) trait TextValue: Sized {
    fn write(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! plain_value {
    ($($type:ty),+) => {$(
        impl TextValue for $type {
            fn write(&self) -> String {
                self.to_string()
            }
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}
plain_value!(u64, f64, bool);

impl<T: TextValue> TextValue for Option<T> {
    fn write(&self) -> String {
        self.as_ref().map_or_else(String::new, T::write)
    }
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::parse(text).map(Some) }
    }
}

/// Declares an enum whose variants are written as words, for [`Kind::Choice`].
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)+ }

        impl $name {
            /// Every variant, in the order a person meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The words of [`Self::ALL`], in the same order.
            pub const KEYS: &'static [&'static str] = &[$($word),+];

            /// The word for this variant.
            pub fn key(self) -> &'static str {
                Self::KEYS[self as usize]
            }
        }

        impl crate::words::TextValue for $name {
            fn write(&self) -> String {
                self.key().into()
            }
            fn parse(text: &str) -> Option<Self> {
                let index = Self::KEYS.iter().position(|word| *word == text)?;
                Some(Self::ALL[index])
            }
        }
    };
}
