//! Whose word a decision in a review is.

use super::campaign::same;

/// Who decides: by the name that the journal shows, and by others that are surely theirs.
#[derive(Debug, Clone, Default)]
pub struct By {
    pub name: String,
    pub also: Vec<String>,
}

impl By {
    /// Whether a text is one of their names.
    pub fn is(&self, named: &str) -> bool {
        std::iter::once(&self.name).chain(&self.also).any(|own| same(own, named))
    }
}

impl From<&str> for By {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), also: Vec::new() }
    }
}

impl From<&String> for By {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::By;

    #[test]
    fn somebody_answers_to_each_of_their_names_in_any_case() {
        let by = By { name: "Olga Quist".into(), also: vec!["olga@northgate.example".into()] };
        assert!(by.is("olga quist") && by.is("OLGA@northgate.example "));
        assert!(!by.is("olga") && !by.is("rita"));
    }
}
