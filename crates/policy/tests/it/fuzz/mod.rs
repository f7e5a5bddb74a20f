//! The fuzzer's corpus, and small mutations of it, in every test run.

mod check;

use std::{fs, path::Path};

use proptest::prelude::*;

fn corpus(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(of);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("an input")).collect()
}

#[test]
fn the_corpus_holds() {
    let expressions = corpus("expression");
    assert!(expressions.len() >= 3);
    expressions.iter().for_each(|input| check::check_expression(input));
    let corpus = corpus("policy");
    assert!(corpus.len() >= 3);
    corpus.iter().for_each(|input| check::check(input));
    let load = |input: &Vec<u8>| lanyard_policy::Policy::parse(&check::files(input)).is_ok();
    assert!(corpus.iter().any(load), "at least one of it loads");
}

/// What people and editors do to a line, and what nobody would.
#[derive(Clone, Debug)]
enum Slip {
    Cut(usize, usize),
    Double(usize),
    Swap(usize, usize),
    Put(usize, &'static str),
}

fn slip() -> impl Strategy<Value = Slip> {
    let words = prop::sample::select(vec![
        "\"",
        "}",
        "[[flow]]\n",
        "${x}",
        "= [",
        "\u{301}",
        "format = 2\n",
        "today-99999",
        "|",
        ";",
        "0x",
        "if_it_fails = {}",
        "\r\n",
        "é",
        " && ",
        "groups",
        ".exists(g, ",
        "user.profile.",
        ")",
    ]);
    prop_oneof![
        (any::<usize>(), 1usize..40).prop_map(|(at, length)| Slip::Cut(at, length)),
        any::<usize>().prop_map(Slip::Double),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Slip::Swap(a, b)),
        (any::<usize>(), words).prop_map(|(at, word)| Slip::Put(at, word)),
    ]
}

fn slipped(mut input: Vec<u8>, slips: &[Slip]) -> Vec<u8> {
    for slip in slips {
        let size = input.len().max(1);
        match slip {
            Slip::Cut(at, length) => {
                let at = at % size;
                drop(input.drain(at..(at + length).min(input.len())));
            }
            Slip::Double(at) => {
                let lines: Vec<_> = input.split_inclusive(|byte| *byte == b'\n').collect();
                let at = at % lines.len().max(1);
                let again = lines.get(at).map(|line| line.to_vec()).unwrap_or_default();
                let place = lines.iter().take(at).map(|line| line.len()).sum::<usize>();
                drop(input.splice(place..place, again));
            }
            Slip::Swap(a, b) => {
                let mut lines: Vec<_> =
                    input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                if !lines.is_empty() {
                    let count = lines.len();
                    lines.swap(a % count, b % count);
                }
                input = lines.concat();
            }
            Slip::Put(at, word) => {
                let at = at % size;
                let at = at.min(input.len());
                drop(input.splice(at..at, word.bytes()));
            }
        }
    }
    input
}

/// A run of minutes asks for more: `FUZZ_CASES=50000 cargo nextest run --workspace -E 'test(fuzz)'`.
fn cases() -> ProptestConfig {
    let asked = std::env::var("FUZZ_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(48), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn mutations_of_the_corpus_hold(which in any::<prop::sample::Index>(), slips in prop::collection::vec(slip(), 1..6)) {
        let corpus = corpus("policy");
        check::check(&slipped(corpus[which.index(corpus.len())].clone(), &slips));
    }

    #[test]
    fn mutations_of_expressions_hold(which in any::<prop::sample::Index>(), slips in prop::collection::vec(slip(), 1..4)) {
        let corpus = corpus("expression");
        check::check_expression(&slipped(corpus[which.index(corpus.len())].clone(), &slips));
    }

    #[test]
    fn any_bytes_hold(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check::check(&bytes);
    }
}
