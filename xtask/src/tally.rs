//! What test runners say they ran: cargo-nextest, cargo test, vitest.

/// Tests that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// One check that held.
    pub const ONE: Self = Self { passed: 1, failed: 0 };

    pub fn passed(passed: usize) -> Self {
        Self { passed: passed as u64, failed: 0 }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Adds up the closing lines found among `lines`.
pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        let line = line.trim();
        let counts = line
            .strip_prefix("test result:")
            .or_else(|| line.strip_prefix("Tests "))
            .or_else(|| line.strip_prefix("Summary ").filter(|rest| rest.contains(" run:")));
        let Some(counts) = counts else { continue };
        tally.passed += before(counts, "passed");
        tally.failed +=
            before(counts, "failed") + before(counts, "timed out") + before(counts, "exec failed");
    }
    tally
}

/// What a runner of ours closes with: `N passed, N failed` and nothing else.
pub fn closing(line: &str) -> Option<Tally> {
    let (passed, failed) = line.trim().split_once(" passed, ")?;
    Some(Tally { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? })
}

/// The number that stands before `words`, or 0.
fn before(text: &str, words: &str) -> u64 {
    let number = |piece: &str| {
        let rest = piece.trim_end().strip_suffix(words)?;
        rest.trim_end().rsplit([' ', ':', '|']).next()?.parse().ok()
    };
    text.split([',', ';', '|', '(']).find_map(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let check = |lines: &[&str], passed, failed| {
            assert_eq!(read(lines.iter().copied()), Tally { passed, failed }, "{lines:?}");
        };
        assert_eq!(closing("19 passed, 1 failed"), Some(Tally { passed: 19, failed: 1 }));
        assert_eq!(closing("all 19 passed, 1 failed"), None);
        check(&["     Summary [   4.230s] 412 tests run: 412 passed, 0 skipped"], 412, 0);
        check(
            &["     Summary [   0.9s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped"],
            9,
            3,
        );
        check(&["     Summary [   0.9s] 5/12 tests run: 4 passed, 1 failed, 0 skipped"], 4, 1);
        check(
            &[
                "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            ],
            8,
            2,
        );
        check(&[" Test Files  3 passed (3)", "      Tests  28 passed (28)"], 28, 0);
        check(&["      Tests  1 failed | 27 passed (28)"], 27, 1);
        check(&["nothing of the kind", "Tests are fine"], 0, 0);
    }
}
