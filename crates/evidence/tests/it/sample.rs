//! A pack of five leavers, three joiners and a mover, over a journal of forty lines.

use jiff::{SignedDuration, Timestamp};
use lanyard_evidence::{
    cell::{Cell, Table},
    manifest::Terms,
    pack::Pack,
    tables,
    verify::{Consistency, DossierLine},
};
use lanyard_tlog::{
    checkpoint::Checkpoint,
    cut::sign_cut,
    merkle::{CompactRange, Hash, hex, leaf_hash, sha256},
    note::CheckpointKey,
    proof::Prover,
};
use serde_json::json;

pub const TENANT: &str = "harborlight";

pub fn key() -> CheckpointKey {
    let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    CheckpointKey::from_secret_text(text).unwrap()
}

pub fn at(minutes: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn who(n: usize) -> String {
    format!("{TENANT}/00u{n}")
}

/// Journal lines, as the store hashes them: four about each of ten people.
pub fn lines() -> Vec<(String, String, String)> {
    (0..40)
        .map(|position| {
            let (person, salt) = (format!("Person {}", position / 4), [u8::try_from(position).unwrap(); 16]);
            let line = json!({
                "v": 1,
                "tenant": TENANT,
                "position": position,
                "at": at(position).as_microsecond(),
                "kind": "verified",
                "identity": { "tenant": TENANT, "user": format!("00u{}", position / 4) },
                "person": hex(&sha256(&[&salt, person.as_bytes()])),
            });
            (line.to_string(), hex(&salt), person)
        })
        .collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut range = CompactRange::default();
    leaves.iter().for_each(|leaf| range.append(*leaf));
    range.root()
}

/// What a pack is made with; each test changes one thing.
pub struct Story {
    pub key: CheckpointKey,
    /// (lines, minute) of earlier checkpoints.
    pub checkpoints: Vec<(u64, i64)>,
    /// Minute of the head's checkpoint.
    pub head_at: i64,
    pub empty: bool,
    pub names: Vec<&'static str>,
    /// Changes a dossier before it is packed.
    pub meddle: fn(&mut serde_json::Value),
    pub opening_too_many: i64,
    /// What samples take turns by: person by person.
    pub sample_by: Option<fn(usize) -> &'static str>,
    /// What the pack says of it, if that is something else.
    pub values_told: Option<fn(usize) -> &'static str>,
    /// Signs the earlier checkpoints instead.
    pub checkpoint_key: Option<CheckpointKey>,
    /// Rows beside those that the story makes.
    pub extra: Vec<(&'static Table, Vec<Cell>)>,
    /// Lines whose texts were let go of, and by whose note over how many.
    pub let_go: Option<(u64, Option<(CheckpointKey, u64)>)>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            key: key(),
            checkpoints: vec![(10, 10), (25, 25)],
            head_at: 60,
            empty: false,
            names: vec!["Ana Silva", "=cmd|' /C calc'!A0", "Bo \"Bobby\", Jr.", "Çelik Œuvre", "李雷"],
            meddle: |_| {},
            opening_too_many: 0,
            sample_by: None,
            values_told: None,
            checkpoint_key: None,
            extra: Vec::new(),
            let_go: None,
        }
    }
}

pub fn pack(story: &Story) -> Vec<u8> {
    let lines = lines();
    let leaves: Vec<Hash> = lines.iter().map(|(text, ..)| leaf_hash(text.as_bytes())).collect();
    let size = leaves.len() as u64;
    let checkpoint = |size: u64, minute: i64| Checkpoint {
        origin: "journal.test".into(),
        size,
        root: root(&leaves[..size as usize]),
        at: Some(at(minute)),
    };
    let mut pack = Pack::new(terms(&checkpoint(size, story.head_at).sign(&story.key)));
    let gone = story.let_go.as_ref().map_or(0, |(gone, _)| *gone);
    if let Some((_, Some((key, signed)))) = &story.let_go {
        let note = sign_cut("journal.test", *signed, root(&leaves[..*signed as usize]), at(30), key);
        pack.note(|terms| (terms.journal_kept_from, terms.journal_cut) = (gone, Some(note)));
    } else {
        pack.note(|terms| terms.journal_kept_from = gone);
    }
    if let Some(value) = story.sample_by {
        pack.note(|terms| (terms.sample, terms.sample_by) = (Some(2), Some("department".into())));
        pack.sample_by((0..9).map(|n| (who(n), value(n).to_owned())).collect());
    }
    let mut prover = Prover::default();
    (0..size).for_each(|index| prover.want_inclusion(index, size));
    let sizes: Vec<u64> = story.checkpoints.iter().map(|(size, _)| *size).chain([size]).collect();
    for pair in sizes.windows(2) {
        prover.want_consistency(pair[0], pair[1]);
    }
    prover.want_consistency(gone, size);
    leaves.iter().for_each(|leaf| prover.push(*leaf));
    if !story.empty {
        people(&mut pack, story);
    }
    for (table, row) in &story.extra {
        pack.row(table, row.clone());
    }
    for (size, minute) in &story.checkpoints {
        let checkpoint = checkpoint(*size, *minute);
        let note = checkpoint.sign(story.checkpoint_key.as_ref().unwrap_or(&story.key));
        let row = vec![checkpoint.at.into(), (*size).into(), hex(&checkpoint.root).into(), note.into()];
        pack.row(&tables::CHECKPOINTS, row);
    }
    let pairs = sizes.windows(2).map(|pair| (pair[0], pair[1])).chain([(gone, size)]);
    let proofs: Vec<Consistency> = pairs
        .filter(|(old, new)| old <= new)
        .map(|(old, new)| Consistency {
            old,
            new,
            path: prover.consistency(old, new).unwrap().iter().map(|hash| hex(hash)).collect(),
        })
        .collect();
    pack.file("integrity/consistency.json", &serde_json::to_vec(&proofs).unwrap());
    for population in ["leavers", "joiners", "movers"] {
        for (number, person) in pack.sample(population).into_iter().enumerate() {
            let file = format!("dossiers/{population}-{}.json", person.replace('/', "-"));
            let user: usize = person.rsplit("00u").next().unwrap().parse().unwrap();
            let own: Vec<DossierLine> = (user * 4..user * 4 + 4)
                .map(|index| DossierLine {
                    position: index as u64,
                    text: lines[index].0.clone(),
                    leaf: hex(&leaves[index]),
                    salt: Some(lines[index].1.clone()),
                    personal: Some(lines[index].2.clone()),
                    path: prover.inclusion(index as u64, size).unwrap().iter().map(|h| hex(h)).collect(),
                })
                .collect();
            let row: Vec<Cell> = vec![
                population.into(),
                Cell::Int(number as i64 + 1),
                person.as_str().into(),
                "".into(),
                file.as_str().into(),
                Cell::Int(4),
            ];
            pack.row(&tables::SAMPLES, row);
            let rows = pack.rows_of(&[person.clone()].into()).remove(&person).unwrap_or_default();
            let mut body = json!({ "person": person, "rows": rows, "lines": own });
            (story.meddle)(&mut body);
            pack.dossier(&file, &body);
        }
    }
    if let Some(value) = story.values_told {
        pack.sample_by((0..9).map(|n| (who(n), value(n).to_owned())).collect());
    }
    pack.finish(&story.key).unwrap()
}

fn people(pack: &mut Pack, story: &Story) {
    let site = || Cell::from("pier");
    for n in 0..8_usize {
        let (leaver, joiner) = (n < 5, (5..8).contains(&n));
        let name = story.names.get(n).copied().unwrap_or("Somebody");
        pack.row(
            &tables::POPULATION,
            vec![
                who(n).into(),
                name.into(),
                site(),
                Cell::Int(n as i64),
                leaver.into(),
                joiner.into(),
                Cell::Int(i64::from(joiner) + story.opening_too_many),
                Cell::Int(0),
                Cell::Int(i64::from(leaver)),
                Cell::Int(0),
            ],
        );
        if leaver {
            leaver_row(pack, n, name);
        }
        if joiner {
            pack.row(
                &tables::JOINERS,
                vec![
                    who(n).into(),
                    name.into(),
                    site(),
                    Cell::Int(n as i64),
                    "created".into(),
                    at(n as i64).into(),
                    "new-user: status is ACTIVE".into(),
                    "Mia Boss (their manager)".into(),
                    at(n as i64).into(),
                    at(n as i64).into(),
                    at(n as i64 + 1).into(),
                    at(n as i64 + 1).into(),
                    Cell::Int(60),
                    true.into(),
                    "pln_1".into(),
                ],
            );
        }
    }
    pack.row(
        &tables::MOVERS,
        vec![
            who(8).into(),
            "Mo Ver".into(),
            site(),
            Cell::Int(8),
            "group-change".into(),
            "role in Reservations CUSTOMER".into(),
            "seat Pier House / Level 2 / 2-014".into(),
            at(1).into(),
            at(2).into(),
            at(2).into(),
            at(2).into(),
            Cell::Int(60),
            "".into(),
            "pln_2".into(),
        ],
    );
}

/// The last leaver is late.
fn leaver_row(pack: &mut Pack, n: usize, name: &str) {
    let total = if n == 4 { 400 } else { 20 + n as i64 };
    let (event, stage) = (at(n as i64), total / 5);
    let moment = |k: i64| Cell::from(event + SignedDuration::from_secs(stage * k));
    let done = event + SignedDuration::from_secs(total);
    let row: Vec<Cell> = vec![
        who(n).into(),
        name.into(),
        "pier".into(),
        Cell::Int(n as i64),
        "deactivated".into(),
        event.into(),
        moment(1),
        moment(2),
        moment(3),
        moment(4),
        done.into(),
        stage.into(),
        stage.into(),
        stage.into(),
        stage.into(),
        (total - 4 * stage).into(),
        total.into(),
        (total <= 120).into(),
        if total > 120 { "ioffice".into() } else { Cell::Null },
        true.into(),
        Cell::Null,
        "pln_3".into(),
    ];
    pack.row(&tables::LEAVERS, row);
    if total > 120 {
        let row: Vec<Cell> = vec![
            who(n).into(),
            name.into(),
            "pier".into(),
            event.into(),
            done.into(),
            total.into(),
            Cell::Int(120),
            (total - 120).into(),
            "ioffice".into(),
            true.into(),
            "Olga Owner".into(),
            "badge was blocked by hand at 09:02".into(),
            done.into(),
            "rita".into(),
            Cell::Int(17),
        ];
        pack.row(&tables::BREACHES, row);
    }
}

fn terms(checkpoint: &str) -> Terms {
    Terms {
        tenant: TENANT.into(),
        okta_org: Some("00oharborlight".into()),
        okta_url: "https://harborlight.okta.example".into(),
        sites: vec![("pier".into(), "https://pier.ioffice.example".into())],
        from: at(0),
        to: at(43_200),
        known_since: vec![("pier".into(), Some(at(-60)))],
        zone: "UTC".into(),
        made_at: at(43_200),
        made_by: "a test".into(),
        program: "lanyard 0.1.0".into(),
        query: "by hand".into(),
        seed: "2026".into(),
        sample: None,
        sample_by: None,
        named: Vec::new(),
        leaver_bound_seconds: 120,
        origin: "journal.test".into(),
        checkpoint: checkpoint.into(),
        clock_went_back: Vec::new(),
        policies: vec![(1, "5f0c".repeat(16))],
        journal_kept_from: 0,
        journal_cut: None,
        limits: vec!["Doors are not covered.".into()],
    }
}
