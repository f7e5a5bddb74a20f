//! Each control as somebody reads it: what was tested, what came of it, who does not fit by name, and where the rows are.

use jiff::Timestamp;

use crate::{
    bounds::{NOTICE, TRANSFER, UNATTENDED, seconds},
    cell::{Cell, Table},
    controls::{Control, Exceptions, State, controls},
    pack::Kept,
    sheet::shown,
    tables,
    tally::Summary,
};

/// Exceptions that a chapter names; all of them are in the tables.
const NAMED_MAX: usize = 25;

/// A control with its exceptions.
pub(crate) struct Chapter {
    /// In each framework.
    pub(crate) names: String,
    pub(crate) question: String,
    pub(crate) tested: String,
    pub(crate) state: &'static str,
    pub(crate) answer: String,
    /// How many there are, and how many are named here.
    pub(crate) counted: String,
    pub(crate) exceptions: Vec<String>,
    /// What is said where there are none; `None`: none can be.
    pub(crate) none: Option<&'static str>,
    pub(crate) alarming: bool,
    pub(crate) files: String,
}

/// All chapters, in the order of the controls.
/// `to`: where the period ends.
pub(crate) fn chapters(summary: &Summary, rows: &Kept, to: Timestamp) -> Vec<Chapter> {
    controls(summary).into_iter().map(|control| chapter(control, summary, rows, to)).collect()
}

fn chapter(control: Control, summary: &Summary, rows: &Kept, to: Timestamp) -> Chapter {
    let names = [("SOC 2", control.soc2), ("ISO/IEC 27001", control.iso), ("NIST 800-53", control.nist)];
    let names: Vec<String> = names
        .iter()
        .filter(|(_, name)| !name.is_empty())
        .map(|(framework, name)| format!("{framework} {name}"))
        .collect();
    let mut exceptions = exceptions(control.exceptions, rows, to);
    let count = exceptions.len();
    exceptions.truncate(NAMED_MAX);
    let counted = match count > NAMED_MAX {
        true => format!("{count}, of which the first {NAMED_MAX}:"),
        false => format!("{count}:"),
    };
    let files: Vec<String> = control
        .files
        .split(", ")
        .filter(|name| !name.is_empty())
        .map(|name| format!("data/{name}.csv ({} rows)", summary.rows(name)))
        .collect();
    Chapter {
        names: names.join(" · "),
        question: control.question.to_owned(),
        tested: control.tested.to_owned(),
        state: control.state.name(),
        answer: control.answer,
        counted,
        exceptions,
        none: (control.exceptions != Exceptions::None
            && !matches!(control.state, State::NoData | State::NotSatisfied))
        .then_some("none"),
        alarming: control.state == State::NotSatisfied,
        files: files.join(", "),
    }
}

/// Rows of a table that do not fit, a sentence each.
fn exceptions(which: Exceptions, rows: &Kept, to: Timestamp) -> Vec<String> {
    let of = |table: &'static Table, fits: &dyn Fn(&Row<'_>) -> bool, say: &dyn Fn(&Row<'_>) -> String| {
        let all = rows.get(table.name).into_iter().flatten().map(|cells| Row { table, cells });
        all.filter(|row| !fits(row)).map(|row| say(&row)).collect::<Vec<_>>()
    };
    match which {
        Exceptions::None => Vec::new(),
        Exceptions::DoubtfulLists => {
            let lists = of(
                &tables::CERTIFICATES,
                &|row| row.text("moment") == "extraction" || row.cell("complete").is_true(),
                &|row| {
                    format!(
                        "list {} of {}, {}: {}",
                        row.text("list"),
                        row.text("scope"),
                        row.shown("ended_at"),
                        row.text("doubts")
                    )
                },
            );
            let blind = of(&tables::INTAKE, &|row| !matches!(row.text("kind"), "gap" | "break"), &|row| {
                let cause = if row.text("cause").is_empty() {
                    String::new()
                } else {
                    format!(": {}", row.text("cause"))
                };
                format!(
                    "Okta's log was not read from {} to {} ({} s){cause}",
                    row.shown("from_at"),
                    row.shown("to_at"),
                    row.shown("seconds")
                )
            });
            lists.into_iter().chain(blind).collect()
        }
        Exceptions::NotAuthorised => {
            of(&tables::JOINERS, &|row| row.cell("authorised_before").is_true(), &|row| {
                format!("{}: {}, access from {}", row.who(), row.text("how"), row.shown("granted_at"))
            })
        }
        Exceptions::LateLeavers => of(&tables::BREACHES, &|_| false, &|row| {
            let owner = match row.text("owner") {
                "" => "nobody answers for it yet".to_owned(),
                owner => format!("{owner} answers for it: {}", row.text("compensation")),
            };
            format!(
                "{}: right ended {}, {} s beyond the bound, {}; {owner}",
                row.who(),
                row.shown("event_at"),
                row.shown("seconds_at_risk"),
                row.text("cause").replace('_', " ")
            )
        }),
        Exceptions::LateSeen => of(
            &tables::LEAVERS,
            &|row| row.cell("seconds_to_seen").int().is_some_and(|took| took <= seconds(NOTICE)),
            &|row| {
                format!("{}: right ended {}, seen {}", row.who(), row.shown("event_at"), row.shown("seen_at"))
            },
        ),
        Exceptions::Standing => of(
            &tables::OPEN_EXCEPTIONS,
            &|row| row.text("owner") != tables::NONE_STATED && row.text("state") != tables::PAST_END,
            &|row| {
                let who =
                    if row.text("person").is_empty() { String::new() } else { format!("{}: ", row.who()) };
                let end = match row.shown("until").as_str() {
                    "" => "no stated end".to_owned(),
                    until if row.text("state") == tables::PAST_END => format!("past its end, {until}"),
                    until => format!("until {until}"),
                };
                let kind = row.text("kind").replace('_', " ");
                format!("{who}{kind}, {}: owner {}, {end}", row.text("what"), row.text("owner"))
            },
        ),
        Exceptions::OpenMoves => of(
            &tables::MOVERS,
            &|row| {
                // One that was not read back has run until the period ended.
                let so_far = || row.cell("decided_at").time().map(|at| to.duration_since(at).as_secs());
                let took = row.cell("seconds_to_verified").int().or_else(so_far);
                row.text("left_open").is_empty() && took.is_some_and(|took| took <= seconds(TRANSFER))
            },
            &|row| {
                let rest = match (row.text("left_open"), row.cell("verified_at").time()) {
                    ("", None) => "not read back",
                    ("", Some(_)) => "later than 24 hours",
                    (open, _) => open,
                };
                format!("{}: decided {}, {rest}", row.who(), row.shown("decided_at"))
            },
        ),
        Exceptions::Nobodys => {
            let within = seconds(UNATTENDED);
            let in_time =
                |row: &Row<'_>, from: &str, to: &str| match (row.cell(from).time(), row.cell(to).time()) {
                    (Some(from), Some(to)) => to.duration_since(from).as_secs() <= within,
                    _ => false,
                };
            let orphans = of(
                &tables::EXCEPTIONS,
                &|row| row.text("kind") != "orphan" || in_time(row, "since", "over_at"),
                &|row| {
                    format!("{}: {}, first seen {}", row.text("site"), row.text("title"), row.shown("since"))
                },
            );
            let under_way = |row: &Row<'_>| {
                let none = |column: &str| row.cell(column).time().is_none();
                let so_far = row.cell("seconds_total").int();
                none("verified_at") && none("returned_at") && so_far.is_some_and(|total| total <= within)
            };
            let gone = |row: &Row<'_>| in_time(row, "event_at", "verified_at") || under_way(row);
            let leavers = of(&tables::LEAVERS, &gone, &|row| {
                let gone = match row.shown("verified_at").as_str() {
                    "" => "not read back as gone".to_owned(),
                    at => format!("read back as gone {at}"),
                };
                format!("{}: right ended {}, {gone}", row.who(), row.shown("event_at"))
            });
            orphans.into_iter().chain(leavers).collect()
        }
        Exceptions::OpenReviews => of(
            &tables::REVIEWS,
            &|row| {
                let gone = row.text("decision") != "remove" || row.cell("removed_at").time().is_some();
                !row.text("decision").is_empty() && gone && row.cell("separated").is_true()
            },
            &|row| {
                let decision = match row.text("decision") {
                    "" => "undecided",
                    "remove" => "removed, and not read back as gone",
                    other => other,
                };
                format!(
                    "{}: {}, {} {}: {decision}, {}",
                    row.text("title"),
                    row.who(),
                    row.text("kind"),
                    row.text("what"),
                    row.text("reviewer")
                )
            },
        ),
    }
}

/// A row by the names of its columns.
struct Row<'r> {
    table: &'static Table,
    cells: &'r [Cell],
}

impl<'r> Row<'r> {
    fn cell(&self, column: &str) -> &'r Cell {
        self.table.at(column).and_then(|at| self.cells.get(at)).unwrap_or(&Cell::Null)
    }

    fn text(&self, column: &str) -> &'r str {
        self.cell(column).text()
    }

    fn shown(&self, column: &str) -> String {
        shown(self.cell(column))
    }

    /// Name, id and site.
    fn who(&self) -> String {
        let (name, person) = (self.text("name"), self.text("person"));
        let name = if name.is_empty() { person.to_owned() } else { format!("{name} ({person})") };
        match self.text("site") {
            "" => name,
            site => format!("{name} in {site}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        tables::{NONE_STATED, PAST_END},
        tally::Tally,
    };

    /// A row with these cells, the others empty.
    fn row(table: &'static Table, cells: &[(&str, Cell)]) -> Vec<Cell> {
        let cell = |name: &str| cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell.clone());
        assert!(cells.iter().all(|(name, _)| table.at(name).is_some()), "columns of {}", table.name);
        table.columns.iter().map(|column| cell(column.name).unwrap_or(Cell::Null)).collect()
    }

    fn told(rows: Vec<(&'static Table, Vec<Cell>)>) -> Vec<Chapter> {
        let to = "2026-12-01T00:00:00Z".parse().unwrap();
        let mut tally = Tally::new(to);
        let mut kept = Kept::new();
        for (table, cells) in rows {
            tally.take(table, &cells);
            kept.entry(table.name).or_default().push(cells);
        }
        chapters(&tally.summary(), &kept, to)
    }

    fn of<'c>(chapters: &'c [Chapter], nist: &str) -> &'c Chapter {
        let found = chapters.iter().find(|chapter| chapter.names.ends_with(&format!("NIST 800-53 {nist}")));
        found.unwrap_or_else(|| panic!("no {nist}"))
    }

    fn at(text: &str) -> Cell {
        Cell::Time(text.parse().unwrap())
    }

    #[test]
    fn a_chapter_tells_result_exceptions_by_name_and_where_the_rows_are() {
        let who: [(&str, Cell); 3] =
            [("person", "acme/1".into()), ("name", "Ben Slow".into()), ("site", "pier".into())];
        let leaver = [&who[..], &[("in_time", false.into()), ("cause", "okta_late".into())]].concat();
        let breach = [
            &who[..],
            &[
                ("event_at", at("2026-11-02T09:00:00Z")),
                ("seconds_at_risk", Cell::Int(400)),
                ("cause", "okta_late".into()),
                ("owner", "Olga".into()),
                ("compensation", "badge blocked by hand".into()),
            ],
        ]
        .concat();
        let chapters = told(vec![
            (&tables::LEAVERS, row(&tables::LEAVERS, &leaver)),
            (&tables::BREACHES, row(&tables::BREACHES, &breach)),
        ]);
        let leavers = of(&chapters, "PS-4, AC-2 l");
        assert_eq!(leavers.names, "SOC 2 CC6.3 · ISO/IEC 27001 A.5.18 · NIST 800-53 PS-4, AC-2 l");
        assert_eq!(
            (leavers.state, leavers.alarming, leavers.counted.as_str()),
            ("not satisfied", true, "1:")
        );
        assert_eq!(
            leavers.exceptions,
            [
                "Ben Slow (acme/1) in pier: right ended 2026-11-02 09:00:00, 400 s beyond the bound, okta late; Olga answers for \
              it: badge blocked by hand"
            ]
        );
        assert_eq!(
            leavers.files,
            "data/leavers.csv (1 rows), data/timeliness.csv (0 rows), data/bounds.csv (0 rows), data/breaches.csv (1 rows)"
        );
        // Nobody joined: there is nothing to except from.
        let joiners = of(&chapters, "AC-2 e, f, i");
        assert_eq!((joiners.state, joiners.none, joiners.exceptions.len()), ("no data", None, 0));
    }

    #[test]
    fn whoever_is_under_way_is_no_exception_and_what_was_never_read_back_is_one() {
        let mover = |decided: &str| {
            let cells = [("person", "acme/1".into()), ("site", "pier".into()), ("decided_at", at(decided))];
            (&tables::MOVERS, row(&tables::MOVERS, &cells))
        };
        let leaver = [
            ("person", "acme/2".into()),
            ("site", "pier".into()),
            ("event_at", at("2026-11-30T23:59:50Z")),
            ("seconds_total", Cell::Int(10)),
        ];
        let leaver = (&tables::LEAVERS, row(&tables::LEAVERS, &leaver));
        let chapters = told(vec![leaver, mover("2026-11-30T12:00:00Z"), mover("2026-11-28T12:00:00Z")]);
        let moved = of(&chapters, "PS-5");
        assert_eq!(moved.exceptions, ["acme/1 in pier: decided 2026-11-28 12:00:00, not read back"]);
        assert_eq!(moved.state, "not satisfied");
        assert!(moved.answer.ends_with("; 1 under way when the period ended"), "{}", moved.answer);
        assert_eq!(of(&chapters, "AC-2(3)").exceptions, [] as [String; 0]);
        let left = of(&chapters, "PS-4, AC-2 l");
        assert_eq!(left.state, "no data");
        assert!(left.answer.ends_with("; 1 under way when the period ended"), "{}", left.answer);
    }

    #[test]
    fn of_moves_that_are_all_under_way_nothing_is_said_to_be_satisfied() {
        let cells = [("person", "acme/1".into()), ("decided_at", at("2026-11-30T12:00:00Z"))];
        let chapters = told(vec![(&tables::MOVERS, row(&tables::MOVERS, &cells))]);
        let moved = of(&chapters, "PS-5");
        assert_eq!((moved.state, moved.exceptions.len()), ("no data", 0));
    }

    #[test]
    fn exceptions_without_an_owner_or_past_their_end_are_named_beside_the_rules() {
        let policy = (&tables::POLICIES, row(&tables::POLICIES, &[("version", Cell::Int(1))]));
        let stands = |cells: &[(&str, Cell)]| {
            let all = [&[("kind", "protected".into()), ("what", "case 7".into())], cells].concat();
            (&tables::OPEN_EXCEPTIONS, row(&tables::OPEN_EXCEPTIONS, &all))
        };
        let owned = [
            ("owner", "Lea Law".into()),
            ("until", at("2027-01-01T00:00:00Z")),
            ("state", "in force".into()),
        ];
        let late =
            [("owner", "Lea Law".into()), ("until", at("2026-11-01T00:00:00Z")), ("state", PAST_END.into())];
        let nobodys =
            [("owner", NONE_STATED.into()), ("person", "acme/1".into()), ("state", "in force".into())];
        let all = vec![policy.clone(), stands(&owned), stands(&late), stands(&nobodys)];
        let chapters = told(all);
        let rules = of(&chapters, "AC-2 a-d");
        assert_eq!(
            rules.exceptions,
            [
                "protected, case 7: owner Lea Law, past its end, 2026-11-01 00:00:00",
                "acme/1: protected, case 7: owner none stated, no stated end",
            ]
        );
        let counted =
            "3 exceptions stood at the end: 1 without an owner, 1 without a stated end, 1 past their end";
        assert!(rules.answer.ends_with(counted), "{}", rules.answer);
        let chapters = told(vec![policy, stands(&owned)]);
        assert_eq!(of(&chapters, "AC-2 a-d").none, Some("none"));
    }

    #[test]
    fn long_lists_of_exceptions_are_cut_and_say_so() {
        let open = |n: usize| {
            let cells = [
                ("kind", "orphan".into()),
                ("site", "pier".into()),
                ("title", format!("account {n} belongs to nobody").into()),
                ("since", at("2026-11-02T09:00:00Z")),
            ];
            (&tables::EXCEPTIONS, row(&tables::EXCEPTIONS, &cells))
        };
        let chapters = told((0..40).map(open).collect());
        let nobodys = of(&chapters, "AC-2(3)");
        assert_eq!((nobodys.exceptions.len(), nobodys.counted.as_str()), (25, "40, of which the first 25:"));
        assert_eq!(
            nobodys.exceptions[0],
            "pier: account 0 belongs to nobody, first seen 2026-11-02 09:00:00"
        );
    }

    #[test]
    fn times_in_which_nobody_looked_are_exceptions_to_completeness() {
        let gap = [
            ("kind", "gap".into()),
            ("from_at", at("2026-11-02T09:00:00Z")),
            ("to_at", at("2026-11-02T10:00:00Z")),
            ("seconds", Cell::Int(3600)),
        ];
        let chapters = told(vec![(&tables::INTAKE, row(&tables::INTAKE, &gap))]);
        let complete = of(&chapters, "AC-2(4)");
        assert_eq!(
            complete.exceptions,
            ["Okta's log was not read from 2026-11-02 09:00:00 to 2026-11-02 10:00:00 (3600 s)"]
        );
        assert!(complete.answer.contains("not read 1 times, 3600 s in all"), "{}", complete.answer);
    }
}
