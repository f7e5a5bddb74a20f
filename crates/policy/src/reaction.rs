//! `[reactions]`: what is done about the situations in which accounts and people are found. The defaults change nothing
//! that is not plain, and end nothing without an end in Okta.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::id::SiteId;
use serde::{Deserialize, Serialize};

use crate::{
    document::Document,
    problem::nearest,
    reader::{Section, Value},
};

/// How accounts and people are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    /// Somebody's account, of which a value that we had set was changed by another hand.
    Linked,
    /// An account that nobody has yet and that carries somebody's key.
    Unlinked,
    /// A live account of a person, and nobody in Okta whose it is.
    Unmatched,
    /// It is not clear whose account it is.
    Disputed,
    /// Somebody who was deleted in Okta, and the account that they had.
    Deleted,
}

impl Situation {
    pub const ALL: [Self; 5] = [Self::Linked, Self::Unlinked, Self::Unmatched, Self::Disputed, Self::Deleted];

    /// As the policy writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::Unmatched => "unmatched",
            Self::Disputed => "disputed",
            Self::Deleted => "deleted",
        }
    }

    /// What may be done about it, the usual first. An account of nobody's is never ended by itself: no read in Okta proves
    /// that nobody needs it.
    pub fn reactions(self) -> &'static [Reaction] {
        use Reaction::{Adopt, Alarm, End, Hold, Repair, Report, ToDo};
        match self {
            Self::Linked => &[Repair, Hold, Report, ToDo, Alarm],
            Self::Unlinked => &[Adopt, Hold, Report, ToDo, Alarm],
            Self::Unmatched | Self::Disputed => &[Report, ToDo, Alarm],
            Self::Deleted => &[End, Hold, Report, ToDo, Alarm],
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// Policy's value is set again.
    Repair,
    /// The account is taken for theirs.
    Adopt,
    /// Everything is taken back, as of any leaver.
    End,
    /// Nothing is changed; it is noted.
    Hold,
    /// Nothing is changed; a warning.
    Report,
    /// Nothing is changed; somebody has to do something.
    ToDo,
    /// Nothing is changed; an alarm.
    Alarm,
}

impl Reaction {
    /// As the policy writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::Adopt => "adopt",
            Self::End => "end",
            Self::Hold => "hold",
            Self::Report => "report",
            Self::ToDo => "to-do",
            Self::Alarm => "alarm",
        }
    }

    /// Whether something is done without a person.
    pub fn acts(self) -> bool {
        matches!(self, Self::Repair | Self::Adopt | Self::End)
    }
}

/// The reactions of one site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reactions(BTreeMap<Situation, Reaction>);

impl Serialize for Reactions {
    /// All of them, the usual ones included.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.all())
    }
}

impl Reactions {
    pub fn to(&self, situation: Situation) -> Reaction {
        self.0.get(&situation).copied().unwrap_or(situation.reactions()[0])
    }

    /// Every situation with what is done about it.
    pub fn all(&self) -> impl Iterator<Item = (Situation, Reaction)> {
        Situation::ALL.into_iter().map(|situation| (situation, self.to(situation)))
    }

    /// Why nothing is done, in words that lead to the rule; `None`: something is done.
    pub fn waits(&self, situation: Situation) -> Option<String> {
        let reaction = self.to(situation);
        (!reaction.acts())
            .then(|| format!("{RULE} {} = \"{}\": a person decides", situation.word(), reaction.word()))
    }
}

/// How reasons begin that rest on this section.
const RULE: &str = "[reactions]";

/// Everything the section says.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllReactions {
    usual: Reactions,
    sites: BTreeMap<SiteId, Reactions>,
}

impl AllReactions {
    pub fn of(&self, site: &SiteId) -> &Reactions {
        self.sites.get(site).unwrap_or(&self.usual)
    }
}

pub(crate) fn read(root: &Section<'_>, document: &Document) -> AllReactions {
    let mut found = AllReactions::default();
    let Some(section) = root.section("reactions") else { return found };
    found.usual = one(&section, &Reactions::default());
    let routed: BTreeSet<&SiteId> = document.routes.iter().map(|route| &route.site).collect();
    for (name, value) in section.section("sites").iter().flat_map(Section::entries) {
        if !routed.iter().any(|site| site.as_str() == name.value) {
            let fix = nearest(&name.value, routed.iter().map(|site| site.as_str()));
            section.report.error(&name.span, format!("no route leads to \"{}\"", name.value), fix);
        }
        let Some(site) = value.section() else { continue };
        let own = one(&site, &found.usual);
        site.finish();
        found.sites.insert(SiteId::new(name.value.as_str()), own);
    }
    section.finish();
    found
}

/// What the section says; the rest is as usual.
fn one(section: &Section<'_>, usual: &Reactions) -> Reactions {
    let mut own = usual.clone();
    for situation in Situation::ALL {
        if let Some(reaction) = section.get(situation.word()).and_then(|value| reaction(&value, situation)) {
            own.0.insert(situation, reaction);
        }
    }
    own
}

fn reaction(value: &Value<'_>, situation: Situation) -> Option<Reaction> {
    let text = value.text()?;
    let allowed = situation.reactions();
    let found = allowed.iter().copied().find(|reaction| reaction.word() == text.value);
    if found.is_none() {
        let words: Vec<_> = allowed.iter().map(|reaction| reaction.word()).collect();
        let fix = match text.value.as_str() {
            "end" if situation == Situation::Unmatched => {
                "an account of nobody's is ended by a person: \"to-do\" asks somebody to".to_owned()
            }
            other => nearest(other, words.iter().copied())
                .unwrap_or_else(|| format!("use one of {}", words.join(", "))),
        };
        let message = format!("{} cannot be \"{}\"", value.name, text.value);
        value.report.error(&text.span, message, Some(fix));
    }
    found
}
