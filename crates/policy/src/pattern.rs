//! Patterns with `*` (any text) and `?` (one character). Matched in time that grows with text times pattern, never more.

/// A pattern over folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<char>);

impl Pattern {
    /// `folded` as conditions compare: case and white space folded.
    pub fn new(folded: &str) -> Self {
        Self(folded.chars().collect())
    }

    pub fn fits(&self, folded: &str) -> bool {
        let text: Vec<char> = folded.chars().collect();
        let (mut at, mut seen) = (0, 0);
        // Where the last star stood, and how much of the text it has taken.
        let mut star: Option<(usize, usize)> = None;
        while seen < text.len() {
            match self.0.get(at) {
                Some('*') => {
                    star = Some((at, seen));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == text[seen] => {
                    at += 1;
                    seen += 1;
                }
                _ => match star {
                    Some((place, taken)) => {
                        star = Some((place, taken + 1));
                        at = place + 1;
                        seen = taken + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[at..].iter().all(|c| *c == '*')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    /// The definition, slowly.
    fn slowly(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => slowly(rest, text) || (!text.is_empty() && slowly(pattern, &text[1..])),
            (Some((c, rest)), Some((first, text))) if *c == '?' || c == first => slowly(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_means_what_it_says(pattern in "[ab*?]{0,7}", text in "[ab]{0,7}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Pattern::new(&pattern).fits(&text), slowly(&p, &t), "{} on {}", pattern, text);
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let pattern = Pattern::new(&format!("{}c", "a*".repeat(500)));
        assert!(!pattern.fits(&"a".repeat(5_000)));
    }
}
