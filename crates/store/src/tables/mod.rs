//! One module per group of tables: its statements in one place, and the functions that use them.

pub(crate) mod accounts;
pub(crate) mod identities;
pub(crate) mod journal;
pub(crate) mod links;
pub(crate) mod notes;
pub(crate) mod plans;
pub(crate) mod signals;
pub(crate) mod work;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema, sqlite};

    /// Every statement can be prepared, and numbers its parameters in the order of their appearance.
    #[test]
    fn all_statements_fit_the_schema() {
        let connection = sqlite::open_memory().unwrap();
        schema::migrate(&connection).unwrap();
        let modules = [
            ("accounts", accounts::STATEMENTS),
            ("identities", identities::STATEMENTS),
            ("journal", journal::STATEMENTS),
            ("links", links::STATEMENTS),
            ("notes", notes::STATEMENTS),
            ("plans", plans::STATEMENTS),
            ("signals", signals::STATEMENTS),
            ("work", work::STATEMENTS),
        ];
        for (module, statements) in modules {
            for (name, sql) in statements {
                let statement = connection.prepare(sql).unwrap_or_else(|e| panic!("{module}::{name}: {e}"));
                for at in 1..=statement.parameter_count() {
                    let expected = format!("${at}");
                    assert_eq!(statement.parameter_name(at), Some(expected.as_str()), "{module}::{name}");
                }
            }
        }
    }
}
