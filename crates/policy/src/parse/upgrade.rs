//! Policies of older formats. Every format that was ever released loads for good: its files stand in `tests/formats`, and
//! a step here leads from it to the next one.
//!
//! To change the format: add a step at the end of [`STEPS`] (the number of the present format follows), read the new form, and
//! lay a folder with the new form beside the older ones. Adding a key that may be left out changes nothing that is there, and
//! needs no new format.

use toml_edit::{DocumentMut, Item, value};

/// Rewrites rules of one format into the next. Comments and order survive. The error says what cannot be said any more.
pub(super) type Step = fn(&mut DocumentMut) -> Result<(), String>;

/// The step at place n leads from format n + 1 to n + 2.
pub(super) const STEPS: &[Step] = &[];

/// The format this version reads and writes.
pub(crate) const FORMAT: i64 = STEPS.len() as i64 + 1;

/// The rules in the newest format that `steps` lead to; `None`: they are in no older one.
pub(super) fn upgraded(text: &str, steps: &[Step]) -> Result<Option<String>, String> {
    if steps.is_empty() {
        return Ok(None);
    }
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(None) };
    let Some(format) = document.get("format").and_then(Item::as_integer) else { return Ok(None) };
    let Some(done) = usize::try_from(format).ok().and_then(|format| format.checked_sub(1)) else {
        return Ok(None);
    };
    let Some(open) = steps.get(done..).filter(|open| !open.is_empty()) else { return Ok(None) };
    for (at, step) in open.iter().enumerate() {
        let from = done + at + 1;
        step(&mut document)
            .map_err(|why| format!("rules of format {from} cannot be read as format {}: {why}", from + 1))?;
    }
    document["format"] = value(steps.len() as i64 + 1);
    Ok(Some(document.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Step, upgraded};

    const STEPS: &[Step] = &[
        |rules| {
            if let Some(old) = rules.remove("rooms") {
                rules.insert("places", old);
            }
            Ok(())
        },
        |rules| match rules.contains_key("magic") {
            true => Err("magic is gone".into()),
            false => Ok(()),
        },
    ];

    #[test]
    fn older_rules_are_led_step_by_step_to_the_newest_format() {
        let up = |text: &str| upgraded(text, STEPS);
        assert_eq!(
            up("# ours\nformat = 1\nrooms = 2\n"),
            Ok(Some("# ours\nformat = 3\nplaces = 2\n".into()))
        );
        assert_eq!(up("format = 2\nrooms = 2\n"), Ok(Some("format = 3\nrooms = 2\n".into())));
        assert_eq!(up("format = 3\n"), Ok(None), "the newest is left as it is");
        assert_eq!(up("format = 4\n"), Ok(None), "a newer one is for a newer program");
        assert_eq!(up("format = 0\n"), Ok(None));
        assert_eq!(up("no toml"), Ok(None));
        let gone = up("format = 1\nmagic = 1\n").unwrap_err();
        assert_eq!(gone, "rules of format 2 cannot be read as format 3: magic is gone");
    }
}
