//! Keys to find a mirrored row by: (kind, folded value).

/// Kind and folded value.
pub(crate) type Key = (String, String);

/// Each key once, in order, so that equal sets have equal texts.
pub(crate) fn sorted(keys: &[Key]) -> Vec<&Key> {
    let mut list: Vec<&Key> = keys.iter().collect();
    list.sort_unstable();
    list.dedup();
    list
}
