//! `sim doc`: how far the stand-ins can be believed.

use clap::Args;
use lanyard_sim::{
    fidelity::{Assumption, BESIDE, IOFFICE, LEFT_OUT, OKTA, SIMULATED},
    ioffice::IofficeSettings,
    okta::OktaSettings,
};
use serde_json::{Value, json};

use crate::exit;

/// The names that `--preset` takes.
const PRESETS: [&str; 4] = ["default", "strict", "lenient", "hostile"];

#[derive(Debug, Args)]
pub struct DocArguments {
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// None in practice: settings that cannot be written as JSON.
pub fn run(arguments: &DocArguments) -> anyhow::Result<u8> {
    let doc = gather()?;
    if arguments.json {
        say!("{doc}");
    } else {
        crate::out::data(text(&doc));
    }
    Ok(exit::DONE)
}

fn gather() -> anyhow::Result<Value> {
    let mut okta = Vec::new();
    let mut ioffice = Vec::new();
    for preset in PRESETS {
        let unknown = |text: String| anyhow::anyhow!(text);
        okta.push((preset, serde_json::to_value(OktaSettings::preset(preset).map_err(unknown)?)?));
        ioffice.push((preset, serde_json::to_value(IofficeSettings::preset(preset).map_err(unknown)?)?));
    }
    let beside = |vendor: &str, presets: &[(&str, Value)]| {
        let keys = BESIDE.iter().filter(|(of, _)| *of == vendor).flat_map(|(_, keys)| keys.iter().copied());
        keys.map(|key| json!({"setting": key, "values": values(key, presets)})).collect::<Vec<_>>()
    };
    let pairs = |rows: &[(&str, &str)]| {
        rows.iter().map(|(side, what)| json!({"side": side, "what": what})).collect::<Vec<_>>()
    };
    Ok(json!({
        "simulated": pairs(SIMULATED),
        "assumed": {"okta": assumed(OKTA, &okta), "ioffice": assumed(IOFFICE, &ioffice)},
        "settings_beside": {"okta": beside("okta", &okta), "ioffice": beside("ioffice", &ioffice)},
        "left_out": pairs(LEFT_OUT),
    }))
}

fn assumed(rows: &[Assumption], presets: &[(&str, Value)]) -> Vec<Value> {
    let row = |row: &Assumption| {
        let settings: Vec<Value> = (row.settings.iter())
            .map(|key| json!({"setting": key, "values": values(key, presets)}))
            .collect();
        json!({"id": row.id, "subject": row.subject, "default": row.default, "settings": settings})
    };
    rows.iter().map(row).collect()
}

/// A setting's value under each preset.
fn values(key: &str, presets: &[(&str, Value)]) -> Value {
    let pointer = format!("/{}", key.replace('.', "/"));
    let value = |(name, whole): &(&str, Value)| {
        ((*name).to_owned(), whole.pointer(&pointer).cloned().unwrap_or(Value::Null))
    };
    presets.iter().map(value).collect()
}

fn text(doc: &Value) -> String {
    let mut out = String::from("# The stand-ins\n\n## Simulated\n\n");
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for row in rows(&doc["simulated"]) {
        out += &format!("- {}: {}\n", words(&row["side"]), words(&row["what"]));
    }
    out += "\n## Assumed, because the vendor's public contract is silent\n\n\
            Change one with `sim --settings FILE` (TOML, tables `okta` and `ioffice`), many with `--preset`. \
            Values are given for default; where a preset differs, it says so.\n";
    for (title, vendor) in [("Okta", "okta"), ("iOffice", "ioffice")] {
        out += &format!("\n### {title}\n\n");
        for row in rows(&doc["assumed"][vendor]) {
            out +=
                &format!("- {} {}: {}\n", words(&row["id"]), words(&row["subject"]), words(&row["default"]));
            for setting in rows(&row["settings"]) {
                out += &format!("    {}\n", setting_line(vendor, &setting));
            }
        }
        out += &format!("\nFurther settings of {title}:\n\n");
        for setting in rows(&doc["settings_beside"][vendor]) {
            out += &format!("    {}\n", setting_line(vendor, &setting));
        }
    }
    out += "\n## Left out\n\n";
    for row in rows(&doc["left_out"]) {
        out += &format!("- {}: {}\n", words(&row["side"]), words(&row["what"]));
    }
    out
}

fn setting_line(vendor: &str, setting: &Value) -> String {
    let values = &setting["values"];
    let mut line =
        format!("{vendor}.{} = {}", setting["setting"].as_str().unwrap_or_default(), values["default"]);
    for preset in &PRESETS[1..] {
        if values[preset] != values["default"] {
            line += &format!("; {preset}: {}", values[preset]);
        }
    }
    line
}
