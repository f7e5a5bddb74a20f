//! Attribute names, groups and compared values as small numbers, so that deciding about a person compares numbers.
//! One number space per document, given once it is read: [`number`].

use std::sync::Arc;

use lanyard_model::{
    fold,
    id::GroupId,
    identity::{AttributeValue, Groups, Profile},
};

use crate::{
    condition::Condition,
    document::{Document, Source},
    flow_index::FlowIndex,
    test::Test,
};

/// An attribute by its name, with its number in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub name: String,
    pub at: usize,
}

impl From<String> for Attribute {
    fn from(name: String) -> Self {
        Self { name, at: usize::MAX }
    }
}

/// The numbers of one document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Sorted, as profiles are: a person's values are found in one pass over both.
    attributes: Vec<String>,
    /// Folded values that conditions compare with, by attribute.
    values: Vec<Words>,
    groups: Words,
}

/// Texts to numbers. Looks up without folding or allocating where the text is plain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    list: Vec<Box<str>>,
    /// Places in `list` plus one; 0 is free. A power of two, at most half full.
    slots: Vec<u32>,
}

/// Equal for texts that differ by case of ASCII letters only.
fn hash(text: &str) -> u64 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sum = text.len() as u64;
    let mut chunks = text.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes([
            chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7],
        ]);
        sum = (sum.rotate_left(23) ^ (word | 0x2020_2020_2020_2020)).wrapping_mul(MIX);
    }
    let mut rest = 0;
    for byte in chunks.remainder() {
        rest = rest << 8 | u64::from(byte | 0x20);
    }
    sum = (sum.rotate_left(23) ^ rest).wrapping_mul(MIX);
    sum ^ sum >> 29
}

/// No folding could change more of it than the case of ASCII letters.
pub(crate) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut before = b' ';
    for &byte in bytes {
        if !(0x20..0x7f).contains(&byte) || (byte == b' ' && before == b' ') {
            return false;
        }
        before = byte;
    }
    before != b' '
}

impl Words {
    /// The number of `text`, which is in its canonical form.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(known) = self.find(text, |known| known == text) {
            return known;
        }
        self.list.push(text.into());
        if self.list.len() * 2 > self.slots.len() {
            self.slots = vec![0; (self.list.len() * 4).next_power_of_two()];
            for at in 0..self.list.len() {
                self.enter(at);
            }
        } else {
            self.enter(self.list.len() - 1);
        }
        self.list.len() as u32 - 1
    }

    fn enter(&mut self, at: usize) {
        let mask = self.slots.len() - 1;
        let mut place = hash(&self.list[at]) as usize & mask;
        while self.slots[place] != 0 {
            place = (place + 1) & mask;
        }
        self.slots[place] = at as u32 + 1;
    }

    fn find(&self, text: &str, same: impl Fn(&str) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut place = hash(text) as usize & mask;
        loop {
            match self.slots[place] {
                0 => return None,
                at if same(&self.list[at as usize - 1]) => return Some(at - 1),
                _ => place = (place + 1) & mask,
            }
        }
    }

    pub fn exact(&self, text: &str) -> Option<u32> {
        self.find(text, |known| known == text)
    }

    /// The number of the folded `text`.
    pub fn folded(&self, text: &str) -> Option<u32> {
        if is_plain(text) {
            return self.find(text, |known| known.eq_ignore_ascii_case(text));
        }
        let folded = fold::text(text);
        if folded.is_empty() { None } else { self.exact(&folded) }
    }
}

impl Names {
    pub fn attribute(&self, name: &str) -> Option<usize> {
        self.attributes.binary_search_by(|known| known.as_str().cmp(name)).ok()
    }

    pub fn value(&self, attribute: usize, text: &str) -> Option<u32> {
        self.values.get(attribute)?.folded(text)
    }

    /// Calls `see` with each of a person's values that has a number, in rising order of the numbers.
    pub fn each_value<'a>(&self, profile: &'a Profile, mut see: impl FnMut(usize, &'a AttributeValue)) {
        let mut at = 0;
        for (name, value) in profile.iter() {
            while at < self.attributes.len() {
                match self.attributes[at].as_str().cmp(name) {
                    std::cmp::Ordering::Less => at += 1,
                    std::cmp::Ordering::Equal => {
                        see(at, value);
                        at += 1;
                        break;
                    }
                    std::cmp::Ordering::Greater => break,
                }
            }
        }
    }

    /// How many attributes have a number.
    pub fn attributes(&self) -> usize {
        self.attributes.len()
    }

    /// Which of the document's groups a person is in.
    pub fn groups_of(&self, groups: &Groups) -> Bits {
        self.numbers_of(groups.ids())
    }

    /// The numbers of those of these groups that the document names.
    pub fn numbers_of<'g>(&self, ids: impl IntoIterator<Item = &'g GroupId>) -> Bits {
        let mut bits = Bits::default();
        if !self.groups.list.is_empty() {
            let known = ids.into_iter().filter_map(|id| self.groups.exact(id.as_str()));
            known.for_each(|at| bits.set(at as usize));
        }
        bits
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    few: [u64; 4],
    more: Vec<u64>,
}

impl Bits {
    pub fn set(&mut self, at: usize) {
        match at / 64 {
            word @ 0..4 => self.few[word] |= 1 << (at % 64),
            word => {
                if self.more.len() < word - 3 {
                    self.more.resize(word - 3, 0);
                }
                self.more[word - 4] |= 1 << (at % 64);
            }
        }
    }

    pub fn has(&self, at: usize) -> bool {
        let word = match at / 64 {
            word @ 0..4 => self.few[word],
            word => self.more.get(word - 4).copied().unwrap_or(0),
        };
        word >> (at % 64) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.few.iter().chain(&self.more).all(|word| *word == 0)
    }

    /// Whether any member is one of `other`, too.
    pub fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.few.iter().chain(&self.more), other.few.iter().chain(&other.more));
        mine.zip(theirs).any(|(mine, theirs)| mine & theirs != 0)
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.few.iter().chain(&self.more).map(|word| word.count_ones() as usize).sum()
    }

    /// Takes in the members of `other`.
    pub fn add(&mut self, other: &Self) {
        self.few.iter_mut().zip(&other.few).for_each(|(mine, theirs)| *mine |= theirs);
        if self.more.len() < other.more.len() {
            self.more.resize(other.more.len(), 0);
        }
        self.more.iter_mut().zip(&other.more).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Members in rising order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.few.iter().chain(&self.more).enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let at = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(word * 64 + at)
            })
        })
    }
}

/// Numbers everything in the document that names an attribute, a group or a compared value.
pub(crate) fn number(document: &mut Document) {
    let mut names = Names::default();
    let mut attributes = std::collections::BTreeSet::new();
    attributes_of(document, &mut |attribute| _ = attributes.insert(attribute.name.clone()));
    document.visit_mut(&mut |condition| {
        condition.visit_mut(&mut |part| {
            part.attributes_mut(&mut |attribute| _ = attributes.insert(attribute.name.clone()));
        });
    });
    names.attributes = attributes.into_iter().collect();
    names.values = vec![Words::default(); names.attributes.len()];
    let at = |names: &Names, name: &str| names.attribute(name).unwrap_or(usize::MAX);
    attributes_of(document, &mut |attribute| attribute.at = at(&names, &attribute.name));
    document.visit_mut(&mut |condition| {
        condition.visit_mut(&mut |part| match part {
            Condition::Attribute { attribute, test } => {
                attribute.at = at(&names, &attribute.name);
                test.others_mut(&mut |other| other.at = at(&names, &other.name));
                if let Test::Is(list) = test {
                    for wanted in list.iter_mut().filter(|wanted| !wanted.folded.is_empty()) {
                        wanted.id = names.values[attribute.at].add(&wanted.folded);
                    }
                }
            }
            Condition::Cel(cel) => {
                cel.attributes.iter_mut().for_each(|other| other.at = at(&names, &other.name));
            }
            Condition::Group(group) => {
                group.at = group.ids.iter().map(|(_, id)| names.groups.add(id.as_str()) as usize).collect();
            }
            _ => {}
        });
    });
    if document.expressions.iter().any(|written| written.expression.reads_groups()) {
        for named in document.groups.values_mut() {
            let ids = named.test.ids.iter();
            named.test.at = ids.map(|(_, id)| names.groups.add(id.as_str()) as usize).collect();
        }
    }
    for (at, table) in document.tables.values_mut().filter_map(Arc::get_mut).enumerate() {
        table.at = at;
        table.index();
    }
    for flow in &mut document.flows {
        flow.table = flow.look_up.as_ref().and_then(|name| document.tables.get(name)).map(Arc::clone);
    }
    let mut order: Vec<usize> = (0..document.profile.len()).collect();
    order.sort_by(|a, b| document.profile[*a].field.cmp(&document.profile[*b].field));
    document.profile_order = order;
    for rule in &mut document.profile {
        if let Source::Table { name, table } = &mut rule.from {
            *table = document.tables.get(name).map(Arc::clone);
        }
    }
    document.flow_index = FlowIndex::of(&document.flows);
    document.names = names;
}

/// Attributes that are named outside conditions.
fn attributes_of(document: &mut Document, see: &mut dyn FnMut(&mut Attribute)) {
    for tenant in document.tenants.values_mut() {
        tenant.start_attribute.iter_mut().for_each(&mut *see);
        tenant.end_attribute.iter_mut().for_each(&mut *see);
    }
    document.phone.attribute.iter_mut().for_each(&mut *see);
    document.door_holder.iter_mut().for_each(&mut *see);
    let rules = &mut document.lifecycle;
    rules.zone_attribute.iter_mut().for_each(&mut *see);
    rules.start.iter_mut().for_each(|rule| see(&mut rule.attribute));
    rules.end.iter_mut().for_each(|rule| see(&mut rule.attribute));
    for rule in &mut document.profile {
        match &mut rule.from {
            Source::First(list) | Source::Join(list, _) => list.iter_mut().for_each(&mut *see),
            Source::Cel(cel) => cel.attributes.iter_mut().for_each(&mut *see),
            Source::Constant(_) | Source::Table { .. } => {}
        }
    }
    for flow in &mut document.flows {
        flow.until.iter_mut().for_each(&mut *see);
        for outcome in &mut flow.gives {
            if let crate::document::Kind::CostCenter(crate::document::CostCenter::Attribute(attribute)) =
                &mut outcome.kind
            {
                see(attribute);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lanyard_model::fold;
    use proptest::prelude::*;

    use super::{Bits, Words};

    proptest! {
        #[test]
        fn a_text_has_the_number_of_its_folded_form(known in prop::collection::vec("[a-zA-Zäß 0-9\t]{0,12}", 1..40), asked in "[a-zA-Zäß 0-9\t]{0,12}") {
            let mut words = Words::default();
            let ids: Vec<_> = known.iter().map(|text| words.add(&fold::text(text))).collect();
            for text in known.iter().chain([&asked]) {
                let folded = fold::text(text);
                let place = known.iter().position(|known| fold::text(known) == folded);
                let wanted = if folded.is_empty() { None } else { place.map(|place| ids[place]) };
                prop_assert_eq!(words.folded(text), wanted, "{:?}", text);
            }
        }

        #[test]
        fn bits_are_a_set(list in prop::collection::btree_set(0_usize..700, 0..60)) {
            let mut bits = Bits::default();
            list.iter().for_each(|at| bits.set(*at));
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), list.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!((bits.is_empty(), bits.meets(&bits)), (list.is_empty(), !list.is_empty()));
            prop_assert!((0..800).all(|at| bits.has(at) == list.contains(&at)));
            let mut sum = Bits::default();
            list.iter().filter(|at| **at % 2 == 0).for_each(|at| sum.set(*at));
            let mut odd = Bits::default();
            list.iter().filter(|at| **at % 2 == 1).for_each(|at| odd.set(*at));
            prop_assert!(!sum.meets(&odd));
            sum.add(&odd);
            prop_assert_eq!(sum.iter().collect::<Vec<_>>(), bits.iter().collect::<Vec<_>>());
        }
    }
}
