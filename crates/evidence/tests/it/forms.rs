//! The forms of the same facts: spreadsheets, documents, and what other tools read.

use std::io::Read as _;

use lanyard_evidence::{container, tables};
use serde_json::Value;

use super::sample::{Story, pack};

fn file(archive: &[u8], name: &str) -> Vec<u8> {
    let entries = container::read(archive).unwrap();
    let entry = entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no {name}"));
    let mut bytes = Vec::new();
    entry.reader(archive).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn csv_is_read_back_by_another_reader_and_no_cell_is_a_formula() {
    let archive = pack(&Story::default());
    let bytes = file(&archive, "data/leavers.csv");
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap().len(), tables::LEAVERS.columns.len());
    let names: Vec<String> = reader.records().map(|row| row.unwrap()[1].to_owned()).collect();
    assert_eq!(names, ["Ana Silva", "'=cmd|' /C calc'!A0", "Bo \"Bobby\", Jr.", "Çelik Œuvre", "李雷"]);
}

#[test]
fn every_table_has_its_three_forms_and_rows_fit_their_schema() {
    let archive = pack(&Story::default());
    for table in tables::ALL {
        let schema: Value =
            serde_json::from_slice(&file(&archive, &format!("schemas/{}.schema.json", table.name))).unwrap();
        let required: Vec<&str> =
            schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let rows = String::from_utf8(file(&archive, &format!("data/{}.jsonl", table.name))).unwrap();
        for line in rows.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, required, "{}", table.name);
            for (name, value) in row.as_object().unwrap() {
                let types = schema["properties"][name]["type"].as_array().unwrap();
                let kind = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "integer",
                    _ => "string",
                };
                assert!(types.iter().any(|t| t == kind), "{}.{name}: {value}", table.name);
            }
        }
        let csv = file(&archive, &format!("data/{}.csv", table.name));
        let records = csv::Reader::from_reader(csv.as_slice()).records().count();
        assert_eq!(records, rows.lines().count(), "{}", table.name);
    }
}

#[test]
fn documents_are_what_they_say() {
    let archive = pack(&Story::default());
    let pdf = file(&archive, "report.pdf");
    assert!(pdf.starts_with(b"%PDF-1.7"), "{:?}", &pdf[..8]);
    let text = String::from_utf8_lossy(&pdf);
    assert!(
        text.contains("pdfaid:part>2<") && text.contains("pdfaid:conformance>B<"),
        "it says that it is PDF/A-2b"
    );
    assert!(file(&archive, "report.xlsx").starts_with(b"PK"));
    assert!(file(&archive, "dossiers.pdf").starts_with(b"%PDF-1.7"));
}

/// Required members by the published OSCAL 1.1.2 assessment-results schema, level by level.
#[test]
fn oscal_has_every_required_member_and_says_what_the_rows_say() {
    let archive = pack(&Story::default());
    let document: Value = serde_json::from_slice(&file(&archive, "oscal/assessment-results.json")).unwrap();
    let results = &document["assessment-results"];
    let has = |value: &Value, names: &[&str]| {
        for name in names {
            assert!(!value[name].is_null(), "{name} is missing in {value}");
        }
    };
    has(results, &["uuid", "metadata", "import-ap", "results"]);
    has(&results["metadata"], &["title", "last-modified", "version", "oscal-version"]);
    let result = &results["results"][0];
    has(result, &["uuid", "title", "description", "start", "reviewed-controls"]);
    let mut states = std::collections::BTreeMap::new();
    for observation in result["observations"].as_array().unwrap() {
        has(observation, &["uuid", "description", "methods", "collected"]);
        has(&observation["subjects"][0], &["subject-uuid", "type"]);
    }
    for finding in result["findings"].as_array().unwrap() {
        has(finding, &["uuid", "title", "description", "target"]);
        let target = &finding["target"];
        assert_eq!(target["type"], "objective-id");
        states.insert(
            target["target-id"].as_str().unwrap().to_owned(),
            target["status"]["state"].as_str().unwrap().to_owned(),
        );
        let about = &finding["related-observations"][0]["observation-uuid"];
        assert!(result["observations"].as_array().unwrap().iter().any(|o| o["uuid"] == *about));
        for id in [&finding["uuid"], about] {
            let id = id.as_str().unwrap();
            let right = id.len() == 36 && id.as_bytes()[14] == b'5' && b"89ab".contains(&id.as_bytes()[19]);
            assert!(right, "{id} is a UUID that OSCAL admits");
        }
    }
    assert_eq!(states["ps-4_obj.a"], "not-satisfied", "one leaver was late");
    assert_eq!(states["ac-2_obj.e"], "satisfied");
    assert!(!states.contains_key("pe-2_obj.c"), "no review: nothing is said");
}

#[test]
fn each_control_is_answered_from_the_rows() {
    let archive = pack(&Story::default());
    let text = String::from_utf8(file(&archive, "data/controls.jsonl")).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |nist: &str| {
        let row = rows.iter().find(|row| row["nist"] == nist).unwrap_or_else(|| panic!("no {nist}"));
        (row["state"].as_str().unwrap(), row["answer"].as_str().unwrap())
    };
    let leavers = "4 of 5 verified gone within the configured bound; median 22 s, p95 400 s, p99 400 s, worst 400 s; late: 1 ioffice; 0 late ones without an owner";
    assert_eq!(of("PS-4, AC-2 l"), ("not satisfied", leavers));
    let joiners = "3 of 3 joiners; 0 requests, holds and limits, 0 votes about oneself";
    assert_eq!(of("AC-2 e, f, i"), ("satisfied", joiners));
    assert_eq!(of("AC-2 h"), ("satisfied", "5 of 5 leavers seen within 8 hours"));
    assert_eq!(
        of("PS-5"),
        ("satisfied", "1 movers, 0 with something left open, 0 beyond 24 hours; 0 conversions")
    );
    for unreviewed in ["PE-2 c", "AC-2 j"] {
        assert_eq!(of(unreviewed).0, "no data", "no review: nothing is said");
    }
    let unattended = "0 orphaned accounts open at the end of the period; 5 of 5 expired or nobody's accounts closed within 24 hours";
    assert_eq!(
        of("AC-2(3)"),
        ("no data", unattended),
        "without a comparison nobody's accounts are not known"
    );
    for (framework, wanted) in [
        ("soc2", ["CC6.1", "CC6.2", "CC6.3", "CC6.4"].as_slice()),
        ("iso27001", &["A.5.15", "A.5.16", "A.5.17", "A.5.18", "A.7.2", "A.8.2"]),
        ("nist", &["AC-2 a-d", "AC-2 h", "AC-2 j", "AC-2(3)", "PE-2 a", "PE-2 c", "PS-4", "PS-5", "AU-9(3)"]),
    ] {
        for control in wanted {
            let answered = rows.iter().any(|row| row[framework].as_str().unwrap().contains(control));
            assert!(answered, "{framework} {control}");
        }
    }
}
