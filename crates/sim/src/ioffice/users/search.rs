//! Free-text search over users: by what their names, e-mail address or employee id contain.
//!
//! All search texts lie in one buffer, so that the scan is fast.

use std::collections::HashMap;

use super::{super::table::Id, User};

const END: u8 = b'\n';

#[derive(Debug, Default)]
pub(crate) struct SearchTexts {
    /// Lower-cased search texts, one line per user, in order of their last change.
    buffer: Vec<u8>,
    /// Start of each line and whose it is, ascending by start. A line that was replaced is blanked in place.
    lines: Vec<(u32, Id)>,
    start_of: HashMap<Id, u32>,
    blank: usize,
}

fn line(user: &User) -> String {
    let mut line = user.name();
    for name in ["firstName", "userName", "email", "employeeId"] {
        line.push('\t');
        line.push_str(user.text(name));
    }
    line.to_lowercase().replace('\n', " ")
}

impl SearchTexts {
    /// Tells the index that `id` changed from `old` to `new`.
    pub(crate) fn set(&mut self, id: Id, old: Option<&User>, new: Option<&User>) {
        let (old_line, new_line) = (old.map(line), new.map(line));
        if old_line == new_line {
            return;
        }
        if old_line.is_some() {
            self.blank(id);
        }
        if let Some(text) = new_line {
            self.append(id, text.as_bytes());
        }
        if self.blank > 4096 && self.blank * 2 > self.buffer.len() {
            self.compact();
        }
    }

    fn append(&mut self, id: Id, text: &[u8]) {
        // Four GiB of names is beyond any world; a line that does not fit is simply not searchable by content.
        if let Ok(start) = u32::try_from(self.buffer.len()) {
            self.lines.push((start, id));
            self.start_of.insert(id, start);
            self.buffer.extend_from_slice(text);
            self.buffer.push(END);
        }
    }

    fn bounds(&self, place: usize) -> (usize, usize) {
        let start = self.lines[place].0 as usize;
        let end = self.lines.get(place + 1).map_or(self.buffer.len(), |(next, _)| *next as usize);
        (start, end)
    }

    fn blank(&mut self, id: Id) {
        let start = self.start_of.remove(&id);
        if let Some(place) =
            start.and_then(|start| self.lines.binary_search_by_key(&start, |(start, _)| *start).ok())
        {
            let (start, end) = self.bounds(place);
            self.buffer[start..end].fill(END);
            self.lines[place].1 = 0;
            self.blank += end - start;
        }
    }

    fn compact(&mut self) {
        let old = std::mem::take(self);
        for (place, (start, id)) in old.lines.iter().enumerate() {
            let end = old.lines.get(place + 1).map_or(old.buffer.len(), |(next, _)| *next as usize);
            if *id != 0 {
                self.append(*id, &old.buffer[*start as usize..end - 1]);
            }
        }
    }

    /// Ids that `text` (lower case) finds among those that `admits` lets through, ascending.
    pub(crate) fn find(&self, text: &str, admits: impl Fn(Id) -> bool) -> Vec<Id> {
        let mut ids = self.containing(text);
        ids.retain(|&id| admits(id));
        ids.sort_unstable();
        ids
    }

    fn containing(&self, text: &str) -> Vec<Id> {
        let mut ids = Vec::new();
        let mut from = 0;
        let finder = memchr::memmem::Finder::new(text.as_bytes());
        while from < self.buffer.len() {
            let Some(at) = finder.find(&self.buffer[from..]) else { break };
            let place = self.lines.partition_point(|(start, _)| (*start as usize) <= from + at) - 1;
            ids.extend(Some(self.lines[place].1).filter(|&id| id != 0));
            from = self.bounds(place).1;
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(first: &str, last: &str, user_name: &str) -> User {
        let mut user = User::new(0);
        user.set_text("firstName", first);
        user.set_text("lastName", last);
        user.set_text("userName", user_name);
        user
    }

    #[test]
    fn finds_by_content_and_follows_changes() {
        let any = |_| true;
        let mut texts = SearchTexts::default();
        let (mira, ann, annika) =
            (named("Mira", "Okafor", "mokafor"), named("Ann", "Bell", "ann"), named("X", "Y", "annika"));
        let joanna = named("Joanna", "Hill", "jhill");
        for (id, user) in [(3, &mira), (1, &ann), (2, &annika)] {
            texts.set(id, None, Some(user));
        }
        texts.set(4, None, Some(&joanna));
        assert_eq!(texts.find("ann", any), [1, 2, 4], "in a user name or in a name");
        assert_eq!(texts.find("ann", |id| id == 2), [2]);
        assert_eq!(texts.find("a", |id| id == 3), [3]);
        assert_eq!(texts.find("okafo", any), [3], "inside the name");
        assert_eq!(texts.find("a okafor", any), [3]);
        assert!(texts.find("zz", any).is_empty());
        let renamed = named("Mira", "Bellweather", "mokafor");
        texts.set(3, Some(&mira), Some(&renamed));
        assert!(texts.find("a okafor", any).is_empty());
        assert_eq!(texts.find("bell", any), [1, 3]);
        texts.compact();
        assert_eq!(texts.find("bell", any), [1, 3]);
        texts.set(1, Some(&ann), None);
        assert_eq!(texts.find("ann", any), [2, 4]);
    }
}
