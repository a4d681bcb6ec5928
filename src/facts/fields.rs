//! The fields of an object of facts: few and sorted, in one piece of memory. A tree would keep room for eleven in each.

use std::sync::Arc;

use super::Fact;

/// Fields by name, sorted, each once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fields(Box<[(Arc<str>, Fact)]>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.position(name).ok().and_then(|position| self.0.get(position)).map(|(_, fact)| fact)
    }

    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(name, fact)| (name, fact))
    }

    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|(name, _)| name)
    }

    pub fn values(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().map(|(_, fact)| fact)
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a field, or gives it another value.
    pub fn insert(&mut self, name: Arc<str>, fact: Fact) {
        match self.position(&name) {
            Ok(position) => self.0[position].1 = fact,
            Err(position) => {
                let mut fields = std::mem::take(&mut self.0).into_vec();
                fields.insert(position, (name, fact));
                self.0 = fields.into();
            }
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

/// Fields in the order of their names.
type Iter<'f> = std::iter::Map<
    std::slice::Iter<'f, (Arc<str>, Fact)>,
    fn(&'f (Arc<str>, Fact)) -> (&'f Arc<str>, &'f Fact),
>;

impl<'f> IntoIterator for &'f Fields {
    type Item = (&'f Arc<str>, &'f Fact);
    type IntoIter = Iter<'f>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(Arc<str>, Fact)> for Fields {
    /// Of equal names the last one counts.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Fact)>>(fields: I) -> Self {
        let mut fields: Vec<(Arc<str>, Fact)> = fields.into_iter().collect();
        fields.reverse();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        fields.dedup_by(|(one, _), (other, _)| one == other);
        Self(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Value::Integer;

    #[test]
    fn fields_are_sorted_and_the_last_of_a_name_counts() {
        let field = |name: &str, value: i64| (Arc::from(name), Fact::from(value));
        let mut fields: Fields = [field("b", 1), field("a", 2), field("b", 3)].into_iter().collect();
        fields.insert("c".into(), Fact::from(4));
        fields.insert("a".into(), Fact::from(5));
        let shown: Vec<_> = fields.iter().map(|(name, fact)| (&**name, fact.value.clone())).collect();
        assert_eq!(shown, [("a", Integer(5)), ("b", Integer(3)), ("c", Integer(4))]);
        assert_eq!(fields.get("b"), Some(&Fact::from(3)));
        assert_eq!(fields.get("d"), None);
    }
}
