//! Every format that was ever released loads for good.

use std::{collections::BTreeMap, fs, path::Path};

use lanyard_policy::{Policy, PolicyFiles};

#[test]
fn the_first_form_of_every_format_loads_and_passes_its_own_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let mut formats: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    formats.sort();
    assert!(!formats.is_empty());
    for folder in formats {
        let mut files = PolicyFiles::default();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let (name, text) =
                (path.file_stem().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
            match path.extension().and_then(|end| end.to_str()) {
                Some("toml") => files.toml = (format!("{name}.toml"), text),
                _ => _ = files.tables.insert(name.to_owned(), text),
            }
        }
        let policy =
            Policy::parse(&files).unwrap_or_else(|problems| panic!("{folder:?}\n{}", problems.render()));
        let report = policy.run_tests();
        assert!(report.tests.len() > 10 && report.failed() == 0, "{folder:?}\n{}", report.render(false));
    }
}

#[test]
fn a_newer_format_is_refused_with_the_way_out() {
    for (format, said) in [("2", "this is format 2"), ("99", "this is format 99")] {
        let toml = ("policy.toml".to_owned(), format!("format = {format}\n"));
        let files = PolicyFiles { toml, tables: BTreeMap::new() };
        let text = Policy::parse(&files).err().unwrap().render();
        assert!(text.contains(said) && text.contains("use a newer version of the program"), "{text}");
    }
}
