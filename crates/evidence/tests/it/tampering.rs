//! Each way in which a pack may be wrong has its own answer, and no changed byte goes unseen.

use lanyard_evidence::{
    container::{self, ContainerProblem, Packing, Writer},
    manifest::{MANIFEST, SIGNATURE},
    tables,
    verify::{Place, Problem, Report, check},
};
use lanyard_tlog::{
    cut::CutProblem,
    note::{CheckpointKey, NoteProblem},
};

use super::sample::{Story, at, key, pack};

fn checked(archive: &[u8]) -> Report {
    check(archive, Some(&key().verifier()), &|_, _, _| {}).unwrap()
}

/// The first problem of a pack that was made wrong and signed all the same.
fn problem(story: &Story) -> Problem {
    let report = check(&pack(story), Some(&story.key.verifier()), &|_, _, _| {}).unwrap();
    report.problems.into_iter().next().expect("a problem")
}

#[test]
fn a_pack_as_it_was_made_holds() {
    let report = checked(&pack(&Story::default()));
    assert_eq!(report.problems, []);
    assert_eq!((report.dossiers, report.proofs, report.checkpoints), (9, 36, 3));
    let summary = report.manifest.unwrap().summary;
    assert_eq!((summary.leavers_in_time, summary.leavers_late), (4, 1));
    let total = &summary.stages["leavers: event to verified"];
    assert_eq!((total.count, total.p50, total.max), (5, Some(22), Some(400)));
    let totals = &summary.totals;
    assert_eq!((totals.opening, totals.joined, totals.left, totals.closing), (5, 3, 5, 3));
}

#[test]
fn equal_facts_make_equal_packs() {
    assert!(pack(&Story::default()) == pack(&Story::default()));
}

#[test]
fn any_changed_byte_is_found() {
    let archive = pack(&Story::default());
    // Both ends and a spread between; that no header has slack is shown byte by byte and bit by bit in `container`.
    let step = (archive.len() / 150).max(1);
    let places = (0..20).chain((0..archive.len()).step_by(step)).chain(archive.len() - 20..archive.len());
    for place in places {
        let mut changed = archive.clone();
        changed[place] ^= 1 << (place % 8);
        let found = match check(&changed, Some(&key().verifier()), &|_, _, _| {}) {
            Ok(report) => !report.holds(),
            Err(ContainerProblem::Foreign) => true,
            Err(_) => false,
        };
        assert!(found, "byte {place} of {}", archive.len());
    }
}

#[test]
fn a_changed_value_is_named_by_file_and_line() {
    let archive = pack(&Story::default());
    let forged = repacked(&archive, |name, bytes| match name {
        "data/leavers.csv" => {
            String::from_utf8(bytes).unwrap().replacen("harborlight/00u3", "harborlight/00u9", 1).into_bytes()
        }
        _ => bytes,
    });
    let problems = checked(&forged).problems;
    assert_eq!(problems, [Problem::Changed { file: "data/leavers.csv".into(), line: Some(Place::At(5)) }]);
    assert_eq!(problems[0].to_string(), "data/leavers.csv was changed at line 5");

    let dropped = repacked(&archive, |name, bytes| match name {
        "data/leavers.jsonl" => {
            let text = String::from_utf8(bytes).unwrap();
            text.lines()
                .filter(|line| !line.contains("00u4"))
                .map(|line| format!("{line}\n"))
                .collect::<String>()
                .into_bytes()
        }
        _ => bytes,
    });
    assert_eq!(
        checked(&dropped).problems,
        [Problem::Changed { file: "data/leavers.jsonl".into(), line: Some(Place::At(5)) }]
    );
}

#[test]
fn another_key_is_told_apart_from_a_change() {
    let other = CheckpointKey::create("PeterNeumann").unwrap();
    let archive = pack(&Story {
        key: CheckpointKey::from_secret_text(&other.to_secret_text()).unwrap(),
        ..Story::default()
    });
    let with_ours = checked(&archive).problems;
    assert!(matches!(with_ours.as_slice(), [Problem::OtherKey { .. }]), "{with_ours:?}");
    let without = check(&archive, None, &|_, _, _| {}).unwrap();
    assert!(without.holds() && !without.key_given, "unchanged, but nobody said whose key it is");

    // The manifest signed again by somebody else, its key named as ours.
    let forged = repacked(&pack(&Story::default()), |name, bytes| match name {
        SIGNATURE => {
            let text = String::from_utf8(bytes).unwrap();
            let (body, _) = text.split_once("\n\n").unwrap();
            other.sign_note(&format!("{body}\n")).into_bytes()
        }
        _ => bytes,
    });
    assert!(matches!(checked(&forged).problems.as_slice(), [Problem::Signature(_)]));
}

#[test]
fn a_manifest_that_says_something_else_is_not_the_signed_one() {
    let forged = repacked(&pack(&Story::default()), |name, bytes| match name {
        MANIFEST => String::from_utf8(bytes)
            .unwrap()
            .replacen("\"leavers_late\": 1", "\"leavers_late\": 0", 1)
            .into_bytes(),
        _ => bytes,
    });
    assert!(matches!(checked(&forged).problems.as_slice(), [Problem::Signature(_)]));
}

/// Nobody needs the key to add to an archive; every header of these fits.
#[test]
fn what_was_added_or_moved_is_found() {
    let archive = pack(&Story::default());
    let entries = container::read(&archive).unwrap();
    let rebuilt = |names: &[&str]| {
        let mut writer = Writer::default();
        for name in names {
            let (mut bytes, entry) = (Vec::new(), entries.iter().find(|entry| entry.name == *name).unwrap());
            entry.reader(&archive).read_to_end(&mut bytes).unwrap();
            let mut packing = match entry.deflated {
                true => Packing::deflated(name),
                false => Packing::stored(name),
            };
            packing.write(&bytes);
            writer.add(packing);
        }
        writer.finish().unwrap()
    };
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert!(rebuilt(&names) == archive);

    // Before the signed file or after it: one tool unpacks the first, another the last.
    for place in [0, names.len()] {
        let mut twice = names.clone();
        twice.insert(place, "data/leavers.csv");
        let problems = checked(&rebuilt(&twice)).problems;
        assert_eq!(problems, [Problem::Archive(ContainerProblem::Twice("data/leavers.csv".into()))]);
    }
    let mut moved = names.clone();
    moved.swap(0, 1);
    let (found, wanted) = (names[1].to_owned(), names[0].to_owned());
    assert_eq!(checked(&rebuilt(&moved)).problems, [Problem::Order { found, wanted }]);

    let mut writer = Writer::default();
    for name in ["folder/", "unheard-of.txt"] {
        let mut packing = Packing::stored(name);
        packing.write(b"");
        writer.add(packing);
    }
    let beside = writer.finish().unwrap();
    assert_eq!(checked(&beside).problems, [Problem::Missing("manifest.json".into())]);
}

#[test]
fn nothing_is_added_to_the_signature() {
    let other = CheckpointKey::create("PeterNeumann").unwrap();
    let archive = pack(&Story::default());
    for added in ["hidden text\n".to_owned(), other.sign_note("x\n").replace("x\n\n", "")] {
        let longer = repacked(&archive, |name, mut bytes| {
            if name == SIGNATURE {
                bytes.extend_from_slice(added.as_bytes());
            }
            bytes
        });
        let beside = NoteProblem::Form("something was added beside its signature");
        assert_eq!(checked(&longer).problems, [Problem::Signature(beside)], "{added:?}");
    }
}

#[test]
fn a_checkpoint_of_another_key_is_found() {
    let other = CheckpointKey::create("PeterNeumann").unwrap();
    let foreign = problem(&Story { checkpoint_key: Some(other), ..Story::default() });
    let why = "it carries no signature of PeterNeumann".to_owned();
    assert_eq!(foreign, Problem::Checkpoint { number: 1, why });
}

#[test]
fn rows_that_the_figures_do_not_make_are_found() {
    // Signed by the maker itself: a control that nobody counted, before those that were.
    let row = |first: &str| vec![first.into(); tables::CONTROLS.columns.len()];
    let Problem::Figure { what, said, counted } =
        problem(&Story { extra: vec![(&tables::CONTROLS, row("all is well"))], ..Story::default() })
    else {
        panic!("a figure");
    };
    assert_eq!(what, "row 1 of controls");
    assert!(said.contains("all is well") && !counted.contains("all is well"), "{said}, {counted}");
}

#[test]
fn hashes_of_lines_that_were_changed_themselves_name_no_line() {
    let archive = pack(&Story::default());
    let forged = repacked(&archive, |name, mut bytes| {
        if name == "lines/leavers.csv" {
            bytes[0] ^= 1;
        }
        match name {
            "data/leavers.csv" => String::from_utf8(bytes).unwrap().replacen("00u3", "00u9", 1).into_bytes(),
            _ => bytes,
        }
    });
    let said: Vec<String> = checked(&forged).problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["data/leavers.csv was changed", "lines/leavers.csv was changed"]);
}

#[test]
fn a_cut_journal_a_clock_that_went_back_and_an_empty_period_are_told_apart() {
    let cut = problem(&Story { checkpoints: vec![(30, 10), (12, 20)], ..Story::default() });
    let (earlier_at, later_at) = (at(10).to_string(), at(20).to_string());
    assert_eq!(cut, Problem::Cut { earlier: 30, earlier_at, later: 12, later_at });

    let back = problem(&Story { checkpoints: vec![(10, 30), (25, 20)], ..Story::default() });
    assert_eq!(back, Problem::Clock { size: 25, at: at(20).to_string(), before: at(30).to_string() });

    let empty = problem(&Story { empty: true, ..Story::default() });
    assert_eq!(empty, Problem::Empty { from: at(0).to_string(), to: at(43_200).to_string() });
}

#[test]
fn texts_that_are_gone_were_let_go_of_by_somebody_who_signed() {
    let story = |gone, note| Story { let_go: Some((gone, note)), ..Story::default() };
    assert_eq!(checked(&pack(&story(10, Some((key(), 10))))).problems, []);
    assert_eq!(problem(&story(10, None)), Problem::Retention(CutProblem::Unsigned(10)));
    let tree = "journal.test/let-go".to_owned();
    assert_eq!(
        problem(&story(12, Some((key(), 10)))),
        Problem::Retention(CutProblem::Other { gone: 12, signed: 10, tree })
    );
    let other = CheckpointKey::create("PeterNeumann").unwrap();
    let forged = problem(&story(10, Some((other, 10)))).to_string();
    assert!(forged.starts_with("the retention does not hold: the note over what was let go of"), "{forged}");
}

#[test]
fn what_the_maker_itself_made_wrong_is_counted_again() {
    let totals = problem(&Story { opening_too_many: 1, ..Story::default() });
    assert_eq!(totals, Problem::Totals(8));

    let rewritten = |body: &mut serde_json::Value| {
        if body["person"] == "harborlight/00u3" {
            let text = body["lines"][0]["text"].as_str().unwrap().replace("verified", "decision");
            body["lines"][0]["text"] = text.into();
        }
    };
    let line = problem(&Story { meddle: rewritten, ..Story::default() });
    assert!(line.to_string().contains("journal line 12: its text is not what was hashed"), "{line}");

    let renamed = |body: &mut serde_json::Value| {
        if body["person"] == "harborlight/00u3" {
            body["lines"][1]["personal"] = "Somebody Else".into();
        }
    };
    let name = problem(&Story { meddle: renamed, ..Story::default() });
    assert!(name.to_string().contains("the name beside it is not the one it commits to"), "{name}");

    let faster = |body: &mut serde_json::Value| {
        if body["person"] == "harborlight/00u4" {
            body["rows"][0][1]["seconds_total"] = 40.into();
        }
    };
    let row = problem(&Story { meddle: faster, ..Story::default() });
    assert!(row.to_string().contains("its row of leavers is not in the table"), "{row}");
}

#[test]
fn values_of_an_attribute_take_turns_and_the_check_draws_them_again() {
    let by = |n| if n == 0 { "Legal" } else { "Sales" };
    let drawn = |archive: &[u8], population: &str| -> Vec<String> {
        let entries = container::read(archive).unwrap();
        let entry = entries.iter().find(|entry| entry.name == "data/samples.jsonl").unwrap();
        let mut text = String::new();
        entry.reader(archive).read_to_string(&mut text).unwrap();
        let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.filter(|row| row["population"] == population)
            .map(|row| row["person"].as_str().unwrap().to_owned())
            .collect()
    };
    let archive = pack(&Story { sample_by: Some(by), ..Story::default() });
    let report = checked(&archive);
    assert_eq!(report.problems, []);
    assert_eq!(report.manifest.unwrap().terms.sample_by.as_deref(), Some("department"));
    let leavers = drawn(&archive, "leavers");
    assert!(
        leavers.len() == 2 && leavers.contains(&"harborlight/00u0".to_owned()),
        "one of Legal: {leavers:?}"
    );

    // Whoever says other values than those by which it was drawn is found out, though it is signed.
    let story = Story { sample_by: Some(by), values_told: Some(|_| "Sales"), ..Story::default() };
    let told = problem(&story);
    assert!(matches!(&told, Problem::Sample { population, .. } if population == "leavers"), "{told}");
}

#[test]
fn what_is_no_pack_is_said_to_be_none() {
    assert_eq!(check(b"hello", None, &|_, _, _| {}).unwrap_err(), ContainerProblem::Foreign);
    assert_eq!(check(b"", None, &|_, _, _| {}).unwrap_err(), ContainerProblem::Foreign);
    let archive = pack(&Story::default());
    let cut = check(&archive[..archive.len() / 2], None, &|_, _, _| {}).unwrap();
    assert!(matches!(cut.problems.as_slice(), [Problem::Archive(ContainerProblem::End(_))]));
}

/// The archive packed again with changed contents, its structure made to fit: a careful forger without the key.
fn repacked(archive: &[u8], change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut writer = Writer::default();
    for entry in container::read(archive).unwrap() {
        let mut bytes = Vec::new();
        entry.reader(archive).read_to_end(&mut bytes).unwrap();
        let mut packing = match entry.deflated {
            true => Packing::deflated(&entry.name),
            false => Packing::stored(&entry.name),
        };
        packing.write(&change(&entry.name, bytes));
        writer.add(packing);
    }
    writer.finish().unwrap()
}
