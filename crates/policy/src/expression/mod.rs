//! Expressions in CEL (the [Common Expression Language](https://cel.dev)), for what structured conditions cannot say. The only
//! place that knows the crate `cel`.
//!
//! Compiled once per policy and bounded on every side, because policies come from people and an interpreter that runs out of
//! stack ends the process: source and operators are counted before anything parses them, nests are limited, deep ones are read
//! and evaluated on a stack of their own, and loops neither nest nor run over long lists. What an expression reads is known from
//! its text alone, so that it can be checked against the tenants' schemas, kept in the mirrors and told to people.

mod check;
mod value;

use std::{
    collections::BTreeSet,
    fmt,
    ops::Range,
    panic,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, Value, common::ast::IdedExpr, common::ast::SourceInfo, extensions};
use serde::Serialize;

pub(crate) use self::check::Types;
use crate::{condition::Truth, names::Attribute, reader::Report, reader::Text, subject::Subject};

/// Characters of one expression, at most.
const SOURCE_MAX: usize = 2_000;
/// Operators and brackets, at most; those in quotes count, so that no quote can hide one.
const OPERATORS_MAX: usize = 100;
/// Dots, commas and `in`, at most.
const DOTS_MAX: usize = 200;
/// Parts in parts, at most, as the parser counts them.
const NESTS_MAX: u16 = 48;
/// A deeper expression is not evaluated where it stands. A level takes less than 4 KiB.
const NESTS_IN_PLACE: usize = 16;
/// Of threads that read expressions and evaluate deep ones.
const STACK: usize = 16 << 20;
/// Characters of an expression that a sentence repeats.
const SHOWN_MAX: usize = 160;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib().with_optional_support(false);
    // Cannot clash: nothing else was added. Without it these functions would be reported as unknown.
    let _ = environment.add_extension(extensions::strings);
    Arc::new(environment)
});

/// A compiled expression.
pub(crate) struct Expression {
    pub source: String,
    tree: IdedExpr,
    info: SourceInfo,
    /// What it reads of the person, each once, in order of appearance.
    reads: Vec<String>,
    /// `status` and `tenant`, where it reads them.
    standing: BTreeSet<&'static str>,
    reads_groups: bool,
    /// Groups that it names.
    named: Vec<NamedGroup>,
    nests: usize,
}

/// A group that an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedGroup {
    pub by: NamedBy,
    pub text: String,
    /// Bytes of the source.
    pub at: Range<usize>,
}

/// What of a group a text in an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    Name,
    Id,
    /// The beginning of its name.
    Beginning,
    End,
    Part,
}

/// Something that an expression reads of a person, and what it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// An attribute, `status`, `tenant`, `groups`, or `group NAME`.
    pub name: String,
    /// `None`: empty.
    pub now: Option<String>,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.now {
            Some(now) if self.name == "groups" || self.name.starts_with("group ") => {
                write!(f, "{}: {now}", self.name)
            }
            Some(now) => f.write_str(&crate::condition::is(&self.name, now)),
            None => write!(f, "{} is empty", self.name),
        }
    }
}

/// An expression with the numbers that its attributes have in one document.
#[derive(Clone)]
pub(crate) struct Cel {
    pub expression: Arc<Expression>,
    pub attributes: Vec<Attribute>,
}

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Says yes or no.
    Condition,
    /// Gives a text, a number, or true or false.
    Value,
}

/// Something wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Bytes of the source.
    pub at: Range<usize>,
    pub message: String,
    pub fix: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// It asks for groups, and the list of them is not whole, or one that the policy names is gone.
    Groups,
    Failed(String),
}

/// Where a policy has an expression, to be checked once the attributes' types are known.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub expression: Arc<Expression>,
    pub purpose: Purpose,
    pub spot: crate::problem::Spot,
}

/// Reads one expression of the document; what is wrong with it is reported at its place.
pub(crate) fn read(report: &Report, text: &Text, purpose: Purpose) -> Option<Cel> {
    let tell = |flaw: &Flaw| {
        let spot = report.inside(&text.span, flaw.at.clone());
        report.error(&spot.span, flaw.message.clone(), flaw.fix.clone());
    };
    let expression = match Expression::compile(&text.value) {
        Ok(expression) => Arc::new(expression),
        Err(flaws) => {
            flaws.iter().for_each(tell);
            return None;
        }
    };
    let checked = expression.check(purpose, &Types::default());
    for (name, at) in &checked.attributes {
        let spot = report.inside(&text.span, at.clone());
        report.mention(&Text { value: name.clone(), span: spot.span });
    }
    checked.flaws.iter().for_each(tell);
    report.express(&expression, purpose, &text.span);
    let attributes = expression.reads.iter().map(|name| name.clone().into()).collect();
    checked.flaws.is_empty().then_some(Cel { expression, attributes })
}

/// Runs `work` on a thread with a large stack. `None`: it panicked, or there is no thread to be had.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("expression".into()).stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// What is too large to be parsed at all.
fn too_much(source: &str) -> Option<Flaw> {
    let count = |set: &str| source.chars().filter(|c| set.contains(*c)).count();
    let flaw = |message: String| {
        let fix = "split it over several conditions, or put the cases into a table".to_owned();
        Some(Flaw { at: 0..source.len(), message, fix: Some(fix) })
    };
    let words = source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words_in = words.filter(|word| *word == "in").count();
    let (length, operators, dots) =
        (source.chars().count(), count("+-*/%<>=!&|?:([{"), count(".,") + words_in);
    if length > SOURCE_MAX {
        return flaw(format!("an expression of {length} characters is longer than {SOURCE_MAX}"));
    }
    if operators > OPERATORS_MAX {
        return flaw(format!("{operators} operators and brackets are more than {OPERATORS_MAX}"));
    }
    if dots > DOTS_MAX {
        return flaw(format!("{dots} dots, commas and \"in\" are more than {DOTS_MAX}"));
    }
    if source.trim().is_empty() {
        let fix = Some("write what must be true, such as user.profile.level > 3".to_owned());
        return Some(Flaw { at: 0..source.len(), message: "an expression that says nothing".into(), fix });
    }
    None
}

impl Expression {
    /// Parses; whether it makes sense is for [`Expression::check`].
    pub fn compile(source: &str) -> Result<Self, Vec<Flaw>> {
        if let Some(flaw) = too_much(source) {
            return Err(vec![flaw]);
        }
        let parsed = with_stack(|| {
            let parser = ENVIRONMENT.parser().max_recursion_depth(NESTS_MAX).error_recovery_limit(4);
            let parsed = parser.parse_with_source_info(source);
            parsed.map_err(|errors| {
                errors.errors.into_iter().map(|error| (error.pos, error.msg)).collect::<Vec<_>>()
            })
        });
        let (tree, info) = match parsed {
            Some(Ok(parsed)) => parsed,
            Some(Err(errors)) => return Err(flaws(source, errors)),
            None => {
                let message = "the expression cannot be read".to_owned();
                return Err(vec![Flaw { at: 0..source.len(), message, fix: None }]);
            }
        };
        let mut expression = Self {
            source: source.to_owned(),
            tree,
            info,
            reads: Vec::new(),
            standing: BTreeSet::new(),
            reads_groups: false,
            named: Vec::new(),
            nests: 0,
        };
        let seen = expression.check(Purpose::Value, &Types::default());
        for (name, _) in seen.attributes {
            if !expression.reads.contains(&name) {
                expression.reads.push(name);
            }
        }
        (expression.reads_groups, expression.nests) = (seen.groups, seen.nests);
        (expression.standing, expression.named) = (seen.standing, seen.named);
        Ok(expression)
    }

    /// Groups that it names, each with its place.
    pub fn named_groups(&self) -> &[NamedGroup] {
        &self.named
    }

    /// It asks which groups somebody is in.
    pub fn reads_groups(&self) -> bool {
        self.reads_groups
    }

    /// What the expression reads, and everything that is wrong with it, as far as the types are known.
    pub fn check(&self, purpose: Purpose, types: &Types) -> check::Checked {
        check::check(&self.tree, &self.info, &self.source, purpose, types)
    }
}

/// The parser's complaints, each told once and shortly.
fn flaws(source: &str, errors: Vec<((isize, isize), String)>) -> Vec<Flaw> {
    let place = |(line, column): (isize, isize)| {
        let lines = source.split_inclusive('\n');
        let before: usize = lines.take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
        let rest = source.get(before..).unwrap_or_default();
        let skip = usize::try_from(column - 1).unwrap_or(0);
        let inner: usize = rest.chars().take(skip).map(char::len_utf8).sum();
        before + inner.min(rest.len())
    };
    let mut found: Vec<Flaw> = errors
        .into_iter()
        .map(|(at, message)| {
            let at = place(at);
            let message = message.trim_start_matches("Syntax error: ");
            // What the grammar would have taken is a list of token names that helps nobody.
            let message = message.split(" expecting ").next().unwrap_or(message).replace("<EOF>", "end");
            Flaw { at: at..at, message: format!("this is no expression: {message}"), fix: None }
        })
        .collect();
    found.sort_by_key(|flaw| flaw.at.start);
    found.truncate(3);
    found
}

impl Cel {
    pub fn source(&self) -> &str {
        &self.expression.source
    }

    /// It asks which groups somebody is in.
    pub fn reads_groups(&self) -> bool {
        self.expression.reads_groups()
    }

    pub fn test(&self, subject: &Subject<'_>) -> Truth {
        match self.value(subject) {
            Ok(Value::Bool(true)) => Truth::Yes,
            Ok(Value::Bool(false)) => Truth::No,
            Ok(other) => {
                Truth::Broken(format!("\"{self}\" gives {}, neither true nor false", value::kind(&other)))
            }
            Err(Trouble::Groups) => Truth::Unknown,
            Err(Trouble::Failed(why)) => Truth::Broken(why),
        }
    }

    /// The value as a profile holds it; `None`: nothing.
    pub fn text(&self, subject: &Subject<'_>) -> Result<Option<String>, String> {
        match self.value(subject) {
            Ok(found) => value::text(&found)
                .map_err(|kind| format!("\"{self}\" gives {kind}, which no field can hold")),
            Err(Trouble::Groups) => Err(subject.why_unknown().to_owned()),
            Err(Trouble::Failed(why)) => Err(why),
        }
    }

    fn value(&self, subject: &Subject<'_>) -> Result<Value, Trouble> {
        if self.reads_groups() && subject.groups_in_doubt().is_some() {
            return Err(Trouble::Groups);
        }
        subject.expressions.set(subject.expressions.get() + 1);
        let failed = |why: String| Trouble::Failed(format!("\"{self}\" cannot be decided: {why}"));
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        let user = value::user(&self.attributes, subject).map_err(failed)?;
        context.add_variable_from_value("user", user);
        if self.reads_groups() {
            context.add_variable_from_value("groups", value::groups(subject).map_err(failed)?);
        }
        let tree = &self.expression.tree;
        let answer = if self.expression.nests <= NESTS_IN_PLACE {
            panic::catch_unwind(panic::AssertUnwindSafe(|| Value::resolve(tree, &context))).ok()
        } else {
            with_stack(|| Value::resolve(tree, &context))
        };
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(failed(value::why(&error))),
            None => Err(failed("it is beyond what can be evaluated".to_owned())),
        }
    }

    /// What it read of this person: `level is "4", in A and B`.
    pub fn told(&self, subject: &Subject<'_>) -> String {
        let mut parts: Vec<String> = self.values(subject).iter().map(ToString::to_string).collect();
        parts.extend(self.reads_groups().then(|| in_groups(subject)));
        parts.join(", ")
    }

    /// Everything that it reads, each with what it is of this person.
    pub fn inputs(&self, subject: &Subject<'_>) -> Vec<Input> {
        let mut inputs = self.values(subject);
        if !self.reads_groups() {
            return inputs;
        }
        let member = |named: &NamedGroup| {
            let is_it = |(name, id): (&str, &str)| match named.by {
                NamedBy::Id => id == named.text,
                _ => name == named.text,
            };
            match subject.named_groups().any(is_it) {
                true => "a member",
                false if subject.identity.groups.complete => "not a member",
                false => "not known: the list of groups is not whole",
            }
        };
        let whole = |named: &&NamedGroup| matches!(named.by, NamedBy::Name | NamedBy::Id);
        for named in self.expression.named.iter().filter(whole) {
            let name = format!("group {}", named.text);
            if !inputs.iter().any(|input| input.name == name) {
                inputs.push(Input { name, now: Some(member(named).to_owned()) });
            }
        }
        inputs.push(Input { name: "groups".to_owned(), now: Some(in_groups(subject)) });
        inputs
    }

    /// What it reads of the person but groups.
    fn values(&self, subject: &Subject<'_>) -> Vec<Input> {
        let identity = subject.identity;
        let attributes = self.attributes.iter().map(|attribute| Input {
            name: attribute.name.clone(),
            now: subject.shown(attribute).map(Into::into),
        });
        let standing = self.expression.standing.iter().map(|name| Input {
            name: (*name).to_owned(),
            now: Some(match *name {
                "status" => identity.status.to_string(),
                _ => identity.id.tenant.to_string(),
            }),
        });
        attributes.chain(standing).collect()
    }

    /// `"level > 3" holds: level is "4"`.
    pub fn say(&self, subject: &Subject<'_>, holds: bool) -> String {
        if let Some(why) = subject.groups_in_doubt().filter(|_| self.reads_groups()) {
            return format!("not known whether \"{self}\" holds: {why}");
        }
        let verb = if holds { "holds" } else { "does not hold" };
        match self.told(subject) {
            told if told.is_empty() => format!("\"{self}\" {verb}"),
            told => format!("\"{self}\" {verb}: {told}"),
        }
    }
}

fn in_groups(subject: &Subject<'_>) -> String {
    let names: Vec<_> = subject.named_groups().map(|(name, _)| name).collect();
    match names.as_slice() {
        [] => "in no group that the policy names".to_owned(),
        names => format!("in {}", names.join(" and ")),
    }
}

/// The source on one line, shortened where it is long.
impl fmt::Display for Cel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.source().split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(SHOWN_MAX) {
            Some((cut, _)) => write!(f, "{}…", &line[..cut]),
            None => f.write_str(&line),
        }
    }
}

impl fmt::Debug for Cel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

#[cfg(test)]
mod tests;
