//! The kinds of histories, and what can be left out of one.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// What kind of histories are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// A random subset of everything, some histories without any fault.
    #[default]
    Swarm,
    /// No fault ever.
    Calm,
    /// Many kinds at once, at high rates.
    Storm,
    /// Weeks in which little goes wrong.
    Weeks,
    /// As a swarm, with fewer people and hours: many of them in little time.
    Brief,
    /// As brief, with more that goes wrong, and with more of what company life has: visits, contracts that end within the hour,
    /// pre-hires of next month, several changes at once. For the runs that a release asks for, and for the auditor on trial.
    Rough,
    /// As rough, in little more than a thousand steps, a fifth of which something goes wrong with.
    Dense,
}

impl Profile {
    pub const ALL: [Self; 7] =
        [Self::Swarm, Self::Calm, Self::Storm, Self::Weeks, Self::Brief, Self::Rough, Self::Dense];

    /// Whether it has what the rough histories have beside.
    pub fn is_rough(self) -> bool {
        matches!(self, Self::Rough | Self::Dense)
    }

    /// Whether what goes wrong does so at high rates.
    pub fn storms(self) -> bool {
        matches!(self, Self::Storm | Self::Dense)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Calm => "calm",
            Self::Storm => "storm",
            Self::Weeks => "weeks",
            Self::Brief => "brief",
            Self::Rough => "rough",
            Self::Dense => "dense",
        }
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|profile| profile.name()).collect();
            format!("there is no profile `{text}`: {}", names.join(", "))
        })
    }
}

/// What is left out of a history: it was tried without, and went wrong all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Without {
    /// Stories by number, `s3`.
    pub stories: BTreeSet<u32>,
    /// Faults of the stand-ins by number, `f0`.
    pub faults: BTreeSet<usize>,
    /// Fronts of the weather by number, `w0`.
    pub fronts: BTreeSet<usize>,
    /// Deaths at a drawn call, and writes that go wrong, `k`.
    pub kills: bool,
    /// Hooks, `h`.
    pub hooks: bool,
    /// What the policy asks beyond the demonstration's, `g`.
    pub guards: bool,
}

impl Without {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.stories.iter().map(|at| format!("s{at}")).collect();
        words.extend(self.faults.iter().map(|at| format!("f{at}")));
        words.extend(self.fronts.iter().map(|at| format!("w{at}")));
        words.extend(self.kills.then(|| "k".to_owned()));
        words.extend(self.hooks.then(|| "h".to_owned()));
        words.extend(self.guards.then(|| "g".to_owned()));
        f.write_str(&words.join(","))
    }
}

impl FromStr for Without {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut without = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let wrong = || format!("`{word}` is none of s3 (a story), f0 (a fault), w0 (a front), k, h, g");
            let (kind, number) = word.split_at(1);
            match (kind, number) {
                ("k", "") => without.kills = true,
                ("h", "") => without.hooks = true,
                ("g", "") => without.guards = true,
                (_, "") => return Err(wrong()),
                (kind, number) => {
                    let at: u32 = number.parse().map_err(|_| wrong())?;
                    match kind {
                        "s" => without.stories.insert(at),
                        "f" => without.faults.insert(at as usize),
                        "w" => without.fronts.insert(at as usize),
                        _ => return Err(wrong()),
                    };
                }
            }
        }
        Ok(without)
    }
}
