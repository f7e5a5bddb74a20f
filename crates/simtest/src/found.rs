//! What came of each deliberate bug so far, kept in a file: the seed that found it, or how many did not. A trial of all of
//! them takes hours; this lets it be done in parts, and begins with what is least known.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use crate::{drive::Orders, hunt::Trial, script::Profile};

/// What is known of one bug.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The seed that found it last, its profile, and the invariants that it broke.
    pub caught: Option<(Profile, u64, Vec<String>)>,
    /// Seeds that did not find it while it lived, by the name of their profile; and in how many of them its code was passed.
    pub missed: BTreeMap<String, (u64, u64)>,
}

/// The file and what is in it.
#[derive(Debug, Default)]
pub struct Found {
    file: Option<PathBuf>,
    bugs: BTreeMap<String, Known>,
}

impl Found {
    /// Reads what earlier trials wrote. No file: nothing is known yet.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of ours.
    pub fn read(file: &Path) -> io::Result<Self> {
        let bugs = match fs::read_to_string(file) {
            Ok(text) => parse(&text).map_err(|why| {
                io::Error::other(format!("{} is no record of trials: {why}", file.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { file: Some(file.to_owned()), bugs })
    }

    pub fn known(&self, bug: &str) -> Known {
        self.bugs.get(bug).cloned().unwrap_or_default()
    }

    /// Those of `bugs` that were never tried, then those that lived, the least tried first, then those that were found.
    pub fn least_known_first<'b>(&self, bugs: &[&'b str]) -> Vec<&'b str> {
        let mut order = bugs.to_vec();
        order.sort_by_key(|bug| {
            let known = self.known(bug);
            (known.caught.is_some(), known.missed.values().map(|(seeds, _)| seeds).sum::<u64>())
        });
        order
    }

    /// Adds what a trial came to. Seeds that did not find a bug are only counted where the count says which they were.
    pub fn add(&mut self, trial: &Trial, orders: &Orders) {
        let profile = orders.profile;
        if trial.caught.is_none() && !orders.is_plain() {
            return;
        }
        let known = self.bugs.entry(trial.bug.clone()).or_default();
        match &trial.caught {
            Some((seed, invariants)) => {
                *known =
                    Known { caught: Some((profile, *seed, invariants.clone())), missed: BTreeMap::new() };
            }
            // What a seed of another profile found is still found.
            None if known.caught.as_ref().is_some_and(|(by, ..)| *by != profile) => {}
            None => {
                known.caught = None;
                let (seeds, reached) = known.missed.entry(profile.name().to_owned()).or_default();
                *seeds += trial.seeds_tried;
                // Cores live beyond the seed at which they are stopped.
                *reached += trial.reached.min(trial.seeds_tried);
            }
        }
    }

    /// Writes the file. Bugs that are not in `names` are no longer planted, and leave it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, names: &BTreeSet<&str>) -> io::Result<()> {
        self.bugs.retain(|bug, _| names.contains(bug.as_str()));
        match &self.file {
            Some(file) => fs::write(file, text(&self.bugs)),
            None => Ok(()),
        }
    }
}

/// One line for each bug, so that a difference is read by bug.
fn text(bugs: &BTreeMap<String, Known>) -> String {
    let lines: Vec<String> = bugs
        .iter()
        .map(|(bug, known)| {
            let told = match &known.caught {
                Some((profile, seed, invariants)) => {
                    json!({ "profile": profile.name(), "seed": seed, "invariants": invariants })
                }
                None => {
                    let missed: Map<String, Value> = known
                        .missed
                        .iter()
                        .map(|(profile, (seeds, reached))| {
                            (profile.clone(), json!({ "seeds": seeds, "reached": reached }))
                        })
                        .collect();
                    json!({ "lives": missed })
                }
            };
            format!("  {}: {told}", Value::from(bug.as_str()))
        })
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn parse(text: &str) -> Result<BTreeMap<String, Known>, String> {
    let all: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    all.into_iter()
        .map(|(bug, told)| {
            let known = known(&told).ok_or_else(|| format!("{bug}: {told}"))?;
            Ok((bug, known))
        })
        .collect()
}

fn known(told: &Value) -> Option<Known> {
    if let Some(seed) = told["seed"].as_u64() {
        let profile = told["profile"].as_str()?.parse().ok()?;
        let names = told["invariants"].as_array()?.iter().filter_map(Value::as_str);
        let invariants = names.map(str::to_owned).collect();
        return Some(Known { caught: Some((profile, seed, invariants)), ..Known::default() });
    }
    let missed = told["lives"].as_object()?.iter().map(|(profile, counts)| {
        Some((profile.clone(), (counts["seeds"].as_u64()?, counts["reached"].as_u64()?)))
    });
    Some(Known { caught: None, missed: missed.collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(bug: &str, caught: Option<u64>, seeds_tried: u64) -> Trial {
        let caught = caught.map(|seed| (seed, vec!["S3".to_owned()]));
        Trial { bug: bug.into(), caught, seeds_tried, reached: seeds_tried / 2, seconds: 0.0 }
    }

    fn orders(profile: Profile) -> Orders {
        Orders { profile, ..Orders::default() }
    }

    #[test]
    fn what_was_found_is_read_back_and_what_is_least_known_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("found.json");
        let mut found = Found::read(&file).unwrap();
        found.add(&trial("caught", Some(7), 7), &orders(Profile::Brief));
        found.add(&trial("hard", None, 40), &orders(Profile::Swarm));
        found.add(&trial("hard", None, 20), &orders(Profile::Swarm));
        found.add(&trial("tried", None, 10), &orders(Profile::Swarm));
        found.add(&trial("no longer planted", None, 10), &orders(Profile::Swarm));
        found.keep(&["caught", "hard", "tried", "new"].into()).unwrap();
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "{\n  \"caught\": {\"profile\":\"brief\",\"seed\":7,\"invariants\":[\"S3\"]},\n  \
             \"hard\": {\"lives\":{\"swarm\":{\"seeds\":60,\"reached\":30}}},\n  \
             \"tried\": {\"lives\":{\"swarm\":{\"seeds\":10,\"reached\":5}}}\n}\n"
        );
        let mut again = Found::read(&file).unwrap();
        assert_eq!(again.bugs, found.bugs);
        let order = again.least_known_first(&["caught", "hard", "new", "tried"]);
        assert_eq!(order, ["new", "tried", "hard", "caught"]);
        // Neither another profile's seeds nor seeds that no count names say anything of it.
        again.add(&trial("caught", None, 5), &orders(Profile::Swarm));
        again.add(&trial("caught", None, 5), &Orders { from: 900, ..orders(Profile::Brief) });
        assert_eq!(again.known("caught"), found.known("caught"));
        // Who was found and lives now has been tried on the new seeds alone.
        again.add(&trial("caught", None, 3), &orders(Profile::Brief));
        assert_eq!(again.known("caught").caught, None);
        assert_eq!(again.known("caught").missed, [("brief".to_owned(), (3, 1))].into());
    }

    #[test]
    fn a_file_of_another_kind_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other.json");
        fs::write(&file, "{\"bug\": 3}").unwrap();
        let refused = Found::read(&file).unwrap_err().to_string();
        assert!(refused.ends_with("other.json is no record of trials: bug: 3"), "{refused}");
    }
}
