//! The `selector` grammar: `list := item (',' item)*`, `item := name | name '(' list ')'` [D].

use super::wire::Refusal;

/// Chosen fields, in the order they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector(pub(crate) Vec<Pick>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) name: String,
    /// Nested choice; `None` shrinks a reference to its stub.
    pub(crate) inner: Option<Selector>,
}

/// How much of a record to show.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want<'a> {
    /// `id`, `name`, and `code` where the noun keeps it.
    Stub,
    Pick(&'a Selector),
}

impl Pick {
    pub(crate) fn want(&self) -> Want<'_> {
        self.inner.as_ref().map_or(Want::Stub, Want::Pick)
    }
}

impl<'a> Want<'a> {
    /// How a member is wanted of something without an id of its own: all of them, where none is picked.
    pub(crate) fn member(self, name: &str) -> Option<Want<'a>> {
        match self {
            Self::Stub => Some(Self::Stub),
            Self::Pick(selector) => selector.0.iter().find(|pick| pick.name == name).map(Pick::want),
        }
    }
}

const DEPTH_MAX: usize = 8;
const FIELDS_MAX: usize = 400;

impl Selector {
    /// Parses the text of a `selector` parameter. Spaces after commas are left aside, as in the vendor's samples.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut cursor = Cursor { rest: text, fields: 0 };
        let selector = cursor.list(0)?;
        if cursor.rest.is_empty() {
            Ok(selector)
        } else {
            Err(Refusal::invalid("selector has an unmatched `)`"))
        }
    }

    /// Parses a selector that this program wrote.
    pub(crate) fn known(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }
}

struct Cursor<'a> {
    rest: &'a str,
    fields: usize,
}

impl Cursor<'_> {
    fn list(&mut self, depth: usize) -> Result<Selector, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::invalid("selector is nested too deeply"));
        }
        let mut picks = Vec::new();
        loop {
            let end = self.rest.find([',', '(', ')']).unwrap_or(self.rest.len());
            let name = self.rest[..end].trim().to_owned();
            self.rest = &self.rest[end..];
            let mut inner = None;
            if self.rest.starts_with('(') {
                self.rest = &self.rest[1..];
                inner = Some(self.list(depth + 1)?);
                if !self.rest.starts_with(')') {
                    return Err(Refusal::invalid("selector lacks a `)`"));
                }
                self.rest = self.rest[1..].trim_start();
            }
            if name.is_empty() {
                return Err(Refusal::invalid("selector has an item without a name"));
            }
            self.fields += 1;
            if self.fields > FIELDS_MAX {
                return Err(Refusal::invalid("selector names too many fields"));
            }
            picks.push(Pick { name, inner });
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => return Ok(Selector(picks)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let selector =
            Selector::parse("email, room(floor(building)),permissions(center(module),role)").unwrap();
        let names: Vec<&str> = selector.0.iter().map(|pick| pick.name.as_str()).collect();
        assert_eq!(names, ["email", "room", "permissions"]);
        let permissions = selector.0[2].inner.as_ref().unwrap();
        assert_eq!(permissions.0[0].inner, Some(Selector::known("module")));
        for malformed in ["room(floor", "email,", ",email", "room()", "(email)", "email,,room"] {
            assert!(Selector::parse(malformed).is_err(), "{malformed}");
        }
        assert_eq!(Selector::parse(" ").unwrap(), Selector::default());
        assert!(Selector::parse("room)").is_err());
        assert!(Selector::parse(&"a(".repeat(40)).is_err());
    }
}
