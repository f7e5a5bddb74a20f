//! Fault scripts: TOML in, rules out, errors with file, line and column.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use toml::Spanned;

use super::rule::{Effect, Moment, Rule, Target};
use crate::host::DeskName;

/// What goes wrong, in the order of the file. The first rule that hits a request decides about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultScript {
    /// Decides every chance.
    pub seed: u64,
    pub rules: Vec<Rule>,
}

/// A fault script that cannot be used. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}; fix: {fix}")]
pub struct FaultScriptError {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    fault: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    target: Spanned<Target>,
    index: Option<Spanned<usize>>,
    method: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    until: Option<Spanned<String>>,
    skip: Option<u64>,
    every: Option<Spanned<u64>>,
    probability: Option<Spanned<f64>>,
    count: Option<Spanned<u64>>,
    effect: Spanned<Effect>,
    by: Option<Spanned<String>>,
}

/// What clients ask with.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A mistake at a byte of the text.
struct Mistake {
    at: usize,
    message: String,
    fix: String,
}

/// What a reader of TOML says, taken apart into what is wrong and what to write.
fn explained(at: usize, said: &str) -> Mistake {
    let (message, fix) = match said.split_once(", expected ") {
        Some((message, expected)) => {
            let expected = expected.strip_prefix("one of ").unwrap_or(expected);
            let unknown = message.split('`').nth(1).unwrap_or_default();
            let near = expected.split('`').skip(1).step_by(2).find(|known| is_near(unknown, known));
            let fix = match near {
                Some(near) => format!("did you mean `{near}`? known are {expected}"),
                None if expected.contains('`') => format!("write one of {expected}"),
                None => format!("write {}", in_words(expected)),
            };
            (message, fix)
        }
        None if said.starts_with("missing field") => {
            (said, "add it: every [[fault]] needs a target and an effect".to_owned())
        }
        None => (said, "correct the TOML here".to_owned()),
    };
    Mistake { at, message: message.trim_end().to_owned(), fix }
}

/// What a value must be, for who does not know the types of the reader.
fn in_words(expected: &str) -> &str {
    match expected.trim() {
        "u64" | "usize" => "a whole number, 0 or more",
        "f64" => "a number",
        "a string" => "a text in double quotes",
        other => other,
    }
}

/// Whether two names differ by at most two letters put in, left out or changed.
fn is_near(left: &str, right: &str) -> bool {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    !left.is_empty() && row[right.len()] <= 2
}

impl FaultScript {
    /// Reads a script. `file` is only named in errors.
    ///
    /// # Errors
    /// On the first key or value that is unknown or makes no sense.
    pub fn parse(file: &str, text: &str) -> Result<Self, FaultScriptError> {
        Self::parsed(file, text, None)
    }

    /// The same, for these faces alone.
    ///
    /// # Errors
    /// Also on a rule that concerns none of them: it would never do anything.
    pub fn parse_for(desks: &[DeskName], file: &str, text: &str) -> Result<Self, FaultScriptError> {
        Self::parsed(file, text, Some(desks))
    }

    fn parsed(file: &str, text: &str, desks: Option<&[DeskName]>) -> Result<Self, FaultScriptError> {
        read(text, desks).map_err(|mistake| {
            let before = &text[..text.floor_char_boundary(mistake.at.min(text.len()))];
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            FaultScriptError {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                message: mistake.message,
                fix: mistake.fix,
            }
        })
    }
}

fn read(text: &str, desks: Option<&[DeskName]>) -> Result<FaultScript, Mistake> {
    let document: Document = toml::from_str(text)
        .map_err(|error| explained(error.span().map_or(0, |span| span.start), error.message()))?;
    let rules = document.fault.into_iter().map(Spanned::into_inner).enumerate().map(|(place, entry)| {
        let target = entry.target.span().start;
        let index = entry.index.as_ref().map_or(target, |index| index.span().start);
        let rule = rule(place, entry)?;
        desks.map_or(Ok(()), |desks| for_somebody(&rule, desks, target, index))?;
        Ok(rule)
    });
    Ok(FaultScript { seed: document.seed, rules: rules.collect::<Result<_, _>>()? })
}

/// Refuses a rule that concerns none of the faces. `target` and `index` are where the text has them.
fn for_somebody(rule: &Rule, desks: &[DeskName], target: usize, index: usize) -> Result<(), Mistake> {
    if desks.iter().any(|desk| rule.concerns(*desk)) {
        return Ok(());
    }
    let vendor = rule.target.vendor();
    let there = desks.iter().filter(|desk| desk.vendor == vendor).count();
    Err(match rule.index {
        Some(wanted) if there > 0 => Mistake {
            at: index,
            message: format!("there is no {}", DeskName { vendor, index: wanted }),
            fix: format!("write an index below {there}: the first one is 0"),
        },
        _ => {
            let with = if rule.target == Target::Badge { "serve one with --badge, or " } else { "" };
            let message = format!("no {} is served", vendor.name());
            Mistake { at: target, message, fix: format!("{with}leave the rule out") }
        }
    })
}

fn rule(place: usize, entry: Entry) -> Result<Rule, Mistake> {
    let (target, effect) = (*entry.target.get_ref(), *entry.effect.get_ref());
    let wrong = |at: usize, message: &str, fix: &str| {
        Err(Mistake { at, message: message.to_owned(), fix: fix.to_owned() })
    };
    let at = entry.effect.span().start;
    if !effect.is_for(target) {
        let (message, fix) = match target {
            Target::Hook => (
                "this effect is for requests",
                "for hooks write drop, unreachable, duplicate, late or reorder",
            ),
            Target::Scim => (
                "this effect does not happen to SCIM requests",
                "for scim write unreachable, duplicate, late, reorder, timeout_before, timeout_after, unauthorized, \
                 forbidden, quota, server_error or unavailable",
            ),
            _ => ("this effect is for hooks", "write target = \"hook\", or another effect"),
        };
        return wrong(at, message, fix);
    }
    if let Some(path) = &entry.path
        && !path.get_ref().starts_with(['/', '*'])
    {
        return wrong(path.span().start, "a path pattern starts with / or *", "put a / or a * before it");
    }
    if let Some(path) = &entry.path
        && path.get_ref().contains('?')
    {
        return wrong(path.span().start, "a path pattern has no query", "leave the ? and what follows out");
    }
    if let Some(method) = &entry.method
        && !METHODS.iter().any(|known| known.eq_ignore_ascii_case(method.get_ref()))
    {
        let fix = format!("write one of {}", METHODS.join(", "));
        return wrong(method.span().start, "nobody asks with this method", &fix);
    }
    if let Some(count) = &entry.count
        && *count.get_ref() == 0
    {
        return wrong(count.span().start, "a count of 0 hits nothing", "leave it out to hit every match");
    }
    if let Some(every) = &entry.every
        && *every.get_ref() == 0
    {
        return wrong(
            every.span().start,
            "every counts from 1",
            "write 1 for every match, 2 for every other",
        );
    }
    if let Some(probability) = &entry.probability
        && !(0.0..=1.0).contains(probability.get_ref())
    {
        return wrong(
            probability.span().start,
            "a probability lies between 0 and 1",
            "write 0.5 for half of the matches",
        );
    }
    let by = entry.by.as_ref().map(duration).transpose()?;
    if let (Some(by), Some(text)) = (by, &entry.by)
        && by.is_negative()
        && effect != Effect::ClockJump
    {
        return wrong(text.span().start, "only a clock jump may go backwards", "leave the minus out");
    }
    let (from, until) =
        (entry.from.as_ref().map(moment).transpose()?, entry.until.as_ref().map(moment).transpose()?);
    if let (Some(from), Some(until), Some(text)) = (from, until, &entry.until)
        && never_opens(from, until)
    {
        let fix = "write a later until, or an earlier from";
        return wrong(text.span().start, "it is over before it begins", fix);
    }
    Ok(Rule {
        name: entry.name.unwrap_or_else(|| format!("fault {}", place + 1)),
        index: entry.index.map(Spanned::into_inner),
        method: entry.method.map(Spanned::into_inner),
        path: entry.path.map(Spanned::into_inner),
        from,
        until,
        skip: entry.skip.unwrap_or(0),
        every: entry.every.map_or(1, Spanned::into_inner),
        probability: entry.probability.map_or(1.0, Spanned::into_inner),
        count: entry.count.map_or(u64::MAX, Spanned::into_inner),
        by,
        ..Rule::new(target, effect)
    })
}

/// Whether a window ends no later than it begins; of a length of time and an instant nobody knows yet.
fn never_opens(from: Moment, until: Moment) -> bool {
    match (from, until) {
        (Moment::After(from), Moment::After(until)) => until <= from,
        (Moment::At(from), Moment::At(until)) => until <= from,
        _ => false,
    }
}

fn duration(text: &Spanned<String>) -> Result<SignedDuration, Mistake> {
    text.get_ref().parse().map_err(|_| Mistake {
        at: text.span().start,
        message: format!("{:?} is no length of time", text.get_ref()),
        fix: "write 500ms, 30s, 2m or 1h30m".to_owned(),
    })
}

fn moment(text: &Spanned<String>) -> Result<Moment, Mistake> {
    if let Ok(at) = text.get_ref().parse::<Timestamp>() {
        return Ok(Moment::At(at));
    }
    duration(text).map(Moment::After).map_err(|mistake| Mistake {
        message: format!("{:?} is neither a length of time nor an instant", text.get_ref()),
        fix: "write 90s, 2m, or 2026-05-04T09:00:00Z".to_owned(),
        ..mistake
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Vendor;

    #[test]
    fn a_script_reads_as_written() {
        let text = r#"
            seed = 7
            [[fault]]
            name = "storm"
            target = "okta"
            method = "GET"
            path = "/api/v1/users*"
            from = "2m"
            until = "2026-05-04T09:00:00Z"
            probability = 0.25
            every = 3
            skip = 2
            count = 9
            effect = "quota"
            by = "1m30s"
            [[fault]]
            target = "hook"
            effect = "drop"
        "#;
        let script = FaultScript::parse("faults.toml", text).expect("a valid script");
        let storm = &script.rules[0];
        assert_eq!((script.seed, script.rules.len(), storm.name.as_str()), (7, 2, "storm"));
        assert_eq!((storm.every, storm.skip, storm.count, storm.probability), (3, 2, 9, 0.25));
        assert_eq!(storm.from, Some(Moment::After(SignedDuration::from_secs(120))));
        assert_eq!(storm.until, Some(Moment::At("2026-05-04T09:00:00Z".parse().expect("an instant"))));
        assert_eq!(storm.by(), SignedDuration::from_secs(90));
        assert_eq!(
            script.rules[1],
            Rule { name: "fault 2".to_owned(), ..Rule::new(Target::Hook, Effect::Drop) }
        );
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, place, message, fix) in [
            ("sed = 1\n", (1, 1), "unknown field `sed`", "did you mean `seed`?"),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"quota\"\ncolour = 1\n",
                (4, 1),
                "unknown field `colour`",
                "write one of `name`, `target`",
            ),
            (
                "[[fault]]\ntarget = \"mars\"\neffect = \"quota\"\n",
                (2, 10),
                "unknown variant `mars`",
                "`okta`, `ioffice`, `badge`, `hook`",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"qouta\"\n",
                (3, 10),
                "`qouta`",
                "did you mean `quota`?",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\n",
                (1, 1),
                "missing field `effect`",
                "needs a target and an effect",
            ),
            ("[[fault]]\ntarget = \"okta\"\neffect = \"drop\"\n", (3, 10), "for hooks", "target = \"hook\""),
            ("[[fault]]\ntarget = \"hook\"\neffect = \"quota\"\n", (3, 10), "for requests", "reorder"),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"delay\"\nby = \"soon\"\n",
                (4, 6),
                "no length of time",
                "write 500ms",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"delay\"\nfrom = \"soon\"\n",
                (4, 8),
                "nor an instant",
                "2026-05-04T09:00:00Z",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"delay\"\nby = \"-2s\"\n",
                (4, 6),
                "backwards",
                "minus",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nprobability = 2.0\n",
                (4, 15),
                "between 0 and 1",
                "0.5",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nevery = 0\n",
                (4, 9),
                "counts from 1",
                "write 1",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nskip = \"two\"\n",
                (4, 8),
                "invalid type: string \"two\"",
                "write a whole number, 0 or more",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nmethod = \"GETT\"\n",
                (4, 10),
                "nobody asks with this method",
                "GET, HEAD, POST",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\npath = \"/api/v1/users?limit=1\"\n",
                (4, 8),
                "has no query",
                "leave the ?",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\ncount = 0\n",
                (4, 9),
                "hits nothing",
                "leave it out",
            ),
            (
                "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nfrom = \"5m\"\nuntil = \"300s\"\n",
                (5, 9),
                "over before it begins",
                "write a later until",
            ),
            ("[[fault]\n", (1, 9), "unclosed array table", "write one of `]`"),
        ] {
            let error = FaultScript::parse("f.toml", text).expect_err(text);
            assert_eq!((error.line, error.column), place, "{text}{error}");
            assert!(error.message.contains(message) && error.fix.contains(fix), "{error}");
            let (line, column) = place;
            assert!(error.to_string().starts_with(&format!("f.toml:{line}:{column}: ")), "{error}");
        }
    }

    #[test]
    fn a_rule_for_nobody_is_refused_where_it_is_known_who_is_there() {
        let desk = |vendor, index| DeskName { vendor, index };
        let desks = [desk(Vendor::Okta, 0), desk(Vendor::Okta, 1), desk(Vendor::Ioffice, 0)];
        for (target, index, expected) in [
            ("okta", "index = 1", None),
            ("hook\"\neffect = \"drop", "", None),
            ("okta", "index = 2", Some((4, 9, "there is no okta/2", "below 2: the first one is 0"))),
            ("ioffice", "index = 1", Some((4, 9, "there is no ioffice/1", "below 1: the first one is 0"))),
            ("badge", "index = 0", Some((2, 10, "no badge is served", "--badge"))),
            ("badge", "", Some((2, 10, "no badge is served", "--badge"))),
        ] {
            let effect = if target.contains("effect") { "" } else { "effect = \"cut\"" };
            let text = format!("[[fault]]\ntarget = \"{target}\"\n{effect}\n{index}\n");
            let said = FaultScript::parse_for(&desks, "f.toml", &text).err();
            let said = said.as_ref().map(|error| (error.line, error.column, &*error.message, &*error.fix));
            match (said, expected) {
                (Some(said), Some(expected)) => {
                    assert_eq!((said.0, said.1, said.2), (expected.0, expected.1, expected.2), "{text}");
                    assert!(said.3.contains(expected.3), "{text}: {}", said.3);
                }
                (said, expected) => assert_eq!(said, expected, "{text}"),
            }
            assert!(FaultScript::parse("f.toml", &text).is_ok(), "one who may come yet: {text}");
        }
    }
}
