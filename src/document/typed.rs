//! Documents as typed values, by way of serde, with errors that say where.
//!
//! For files that are written for us: messages name keys and values. Null stands for an empty mapping or sequence, so
//! that a key whose entries are all commented out is no error.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
        value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{Kind, NodeRef};
use crate::{
    source::{LineIndex, Region},
    spelling::nearest,
};

/// Reads a value; `lines` are those of the document's text.
pub fn read<'de, T: Deserialize<'de>>(node: NodeRef<'de>, lines: &'de LineIndex) -> Result<T, Misfit> {
    T::deserialize(Reader { node, lines })
}

/// Why a document is not what its type wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where; `None` only before it has left the value that it is about.
    pub region: Option<Region>,
    /// Lower-case phrase.
    pub message: String,
}

/// A value that knows where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<T> {
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode scalars.
    pub column: usize,
    pub value: T,
}

/// Name under which [`Placed`] asks the reader for the place.
const PLACED: &str = "probity::Placed";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlacedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for PlacedVisitor<T> {
            type Value = Placed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Placed<T>, A::Error> {
                let missing = || de::Error::custom("a place is known in documents only");
                Ok(Placed {
                    line: parts.next_element()?.ok_or_else(missing)?,
                    column: parts.next_element()?.ok_or_else(missing)?,
                    value: parts.next_element()?.ok_or_else(missing)?,
                })
            }
        }

        deserializer.deserialize_tuple_struct(PLACED, 3, PlacedVisitor(PhantomData))
    }
}

#[cfg(test)]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { region: None, message: message.to_string() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("unknown key `{field}`; {}", advice(field, expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("unknown value `{variant}`; {}", advice(variant, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("`{field}` is missing"))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let hint = match found {
            Unexpected::Bool(_) | Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_)
                if expected.to_string().contains("string") =>
            {
                "; put it in quotes"
            }
            _ => "",
        };
        Self::custom(format!("expected {expected}, found {found}{hint}"))
    }
}

fn advice(name: &str, expected: &'static [&'static str]) -> String {
    nearest(name, expected.iter().copied()).map_or_else(
        || format!("use {}", expected.join(", ")),
        |candidate| format!("did you mean `{candidate}`?"),
    )
}

#[derive(Clone, Copy)]
struct Reader<'de> {
    node: NodeRef<'de>,
    lines: &'de LineIndex,
}

impl Reader<'_> {
    fn region(self, span: &std::ops::Range<usize>) -> Region {
        self.lines.region(&self.node.document.text, span)
    }

    /// A collection is shown by its first key or element, never as a whole.
    fn shown(self) -> Region {
        let mut node = self.node;
        loop {
            if let Some((_, key, _)) = node.entries().next() {
                return self.region(&key);
            }
            match node.items().next() {
                Some(item) => node = item,
                None => return self.region(&node.span()),
            }
        }
    }

    fn placed<T>(self, result: Result<T, Misfit>) -> Result<T, Misfit> {
        result.map_err(|misfit| Misfit { region: misfit.region.or_else(|| Some(self.shown())), ..misfit })
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let result = match self.node.kind() {
            Kind::Null | Kind::Unknown => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Integer(value) => visitor.visit_i64(*value),
            Kind::Unsigned(value) => visitor.visit_u64(*value),
            Kind::Float(value) => visitor.visit_f64(*value),
            Kind::String(_) => visitor.visit_borrowed_str(self.node.as_str().unwrap_or_default()),
            Kind::Sequence(_) => visitor.visit_seq(Items { reader: self, rest: self.node.items() }),
            Kind::Mapping(_) => {
                visitor.visit_map(Entries { reader: self, rest: self.node.entries(), value: None })
            }
        };
        self.placed(result)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() {
            return self.placed(visitor.visit_seq(Items { reader: self, rest: std::iter::empty() }));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() {
            let none = Entries { reader: self, rest: std::iter::empty(), value: None };
            return self.placed(visitor.visit_map(none));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if let Kind::Sequence(_) = self.node.kind() {
            // The visitor would take the items for fields in their order.
            return self.placed(Err(de::Error::invalid_type(Unexpected::Seq, &visitor)));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if name != PLACED {
            return self.deserialize_any(visitor);
        }
        visitor.visit_seq(PlaceParts { reader: self, part: 0 })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let Some(name) = self.node.as_str() else {
            return self.placed(Err(de::Error::custom("expected one word; put it in quotes if it is one")));
        };
        self.placed(visitor.visit_enum(Word(name)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        identifier ignored_any
    }
}

struct Items<'de, I> {
    reader: Reader<'de>,
    rest: I,
}

impl<'de, I: Iterator<Item = NodeRef<'de>>> SeqAccess<'de> for Items<'de, I> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let item = self.rest.next().map(|node| Reader { node, ..self.reader });
        item.map(|item| item.placed(seed.deserialize(item))).transpose()
    }
}

struct Entries<'de, I> {
    reader: Reader<'de>,
    rest: I,
    value: Option<NodeRef<'de>>,
}

impl<'de, I: Iterator<Item = (&'de str, std::ops::Range<usize>, NodeRef<'de>)>> MapAccess<'de>
    for Entries<'de, I>
{
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, span, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::<Misfit>::new(name)).map(Some).map_err(|misfit| Misfit {
            region: misfit.region.or_else(|| Some(self.reader.region(&span))),
            ..misfit
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let node = self.value.take().ok_or_else(|| de::Error::custom("a value without its key"))?;
        let reader = Reader { node, ..self.reader };
        reader.placed(seed.deserialize(reader))
    }
}

/// Line, column and value of one node.
struct PlaceParts<'de> {
    reader: Reader<'de>,
    part: usize,
}

impl<'de> SeqAccess<'de> for PlaceParts<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.part += 1;
        let shown = self.reader.shown();
        match self.part {
            1 => seed.deserialize(de::value::UsizeDeserializer::new(shown.line)).map(Some),
            2 => seed.deserialize(de::value::UsizeDeserializer::new(shown.column)).map(Some),
            3 => self.reader.placed(seed.deserialize(self.reader)).map(Some),
            _ => Ok(None),
        }
    }
}

/// A variant without content.
struct Word<'de>(&'de str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        seed.deserialize(StrDeserializer::<Misfit>::new(self.0)).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Misfit> {
        Err(de::Error::custom(format!("`{}` needs more than a word", self.0)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        Err(de::Error::custom(format!("`{}` needs more than a word", self.0)))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Misfit> {
        Err(de::Error::custom(format!("`{}` needs more than a word", self.0)))
    }
}
