//! One module per group of tables: its statements in one place, and the functions that use them.

pub(crate) mod accounts;
pub(crate) mod clearances;
pub(crate) mod documents;
pub(crate) mod erase;
pub(crate) mod evidence;
pub(crate) mod found;
pub(crate) mod held;
pub(crate) mod identities;
pub(crate) mod journal;
pub(crate) mod links;
pub(crate) mod notes;
pub(crate) mod past;
pub(crate) mod plans;
pub(crate) mod signals;
pub(crate) mod work;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema, sqlite};

    const MODULES: &[(&str, &[(&str, &str)])] = &[
        ("accounts", accounts::STATEMENTS),
        ("clearances", clearances::STATEMENTS),
        ("documents", documents::STATEMENTS),
        ("erase", erase::STATEMENTS),
        ("evidence", evidence::STATEMENTS),
        ("found", found::STATEMENTS),
        ("held", held::STATEMENTS),
        ("identities", identities::STATEMENTS),
        ("journal", journal::STATEMENTS),
        ("links", links::STATEMENTS),
        ("notes", notes::STATEMENTS),
        ("past", past::STATEMENTS),
        ("plans", plans::STATEMENTS),
        ("signals", signals::STATEMENTS),
        ("work", work::STATEMENTS),
    ];

    /// Statements that may read all rows or sort them: they answer with all of them, with a count, or move a run that is
    /// never long.
    const WHOLE: &[&str] = &[
        "erase::FINDINGS",
        "erase::FINDINGS_PAST",
        "erase::MESSAGES",
        "evidence::CERTIFICATES",
        "evidence::FINDINGS",
        "evidence::INTENTS_OPEN",
        "evidence::SIGNALS",
        "evidence::SITES",
        "evidence::SWEEPS",
        "evidence::TENANTS",
        "found::AGED_ALL",
        "found::AGE_ALL",
        "found::COUNT_GROWN",
        "found::COUNT_YOUNG",
        "found::GROW",
        "found::NONE_YOUNG",
        "identities::COUNT",
        "journal::TENANTS",
        "journal::TREES",
        "links::COUNTS",
        "notes::OPEN_FINDINGS",
        "notes::PAST_GONE",
        "plans::OPEN",
        "plans::RATES",
        "plans::RATES_OF",
        "plans::UNITS_CHARGED",
        "plans::USED",
        "signals::MEMBERSHIPS_GONE",
        "work::COUNT_ALL",
        "work::COUNT_DEAD",
        "work::COUNT_DEAD_OF",
    ];

    fn empty() -> rusqlite::Connection {
        let connection = sqlite::open_memory().unwrap();
        schema::migrate(&connection).unwrap();
        connection
    }

    /// Every statement can be prepared, and numbers its parameters in the order of their appearance.
    #[test]
    fn all_statements_fit_the_schema() {
        let connection = empty();
        for (module, statements) in MODULES {
            for (name, sql) in *statements {
                let statement = connection.prepare(sql).unwrap_or_else(|e| panic!("{module}::{name}: {e}"));
                for at in 1..=statement.parameter_count() {
                    let expected = format!("${at}");
                    assert_eq!(statement.parameter_name(at), Some(expected.as_str()), "{module}::{name}");
                }
            }
        }
    }

    /// Nothing gets slower with the number of rows, but what answers with all of them.
    #[test]
    fn no_statement_scans_or_sorts_a_table_without_need() {
        let connection = empty();
        let mut slow = Vec::new();
        for (module, statements) in MODULES {
            for (name, sql) in *statements {
                let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let steps: Vec<String> =
                    plan.raw_query().mapped(|row| row.get("detail")).collect::<Result<_, _>>().unwrap();
                let name = format!("{module}::{name}");
                // A scan along an index with a LIMIT reads no more than it answers.
                let scans = |step: &String| {
                    (step.starts_with("SCAN") && !sql.contains("LIMIT")) || step.contains("TEMP B-TREE")
                };
                if !WHOLE.contains(&name.as_str()) {
                    slow.extend(steps.into_iter().filter(scans).map(|step| format!("{name}: {step}")));
                }
            }
        }
        assert_eq!(slow, [] as [String; 0]);
    }
}
