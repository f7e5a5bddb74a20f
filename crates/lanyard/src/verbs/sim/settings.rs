//! The stand-ins' assumptions as somebody wants them: a preset, and a file that changes single ones.

use std::path::Path;

use lanyard_sim::{ioffice::IofficeSettings, okta::OktaSettings};
use serde_json::{Map, Value};

use super::read;
use crate::exit;

/// Settings of every org and every site.
pub struct Assumed {
    pub okta: OktaSettings,
    pub ioffice: IofficeSettings,
}

impl Assumed {
    /// Lays the tables `okta` and `ioffice` of `file` over the preset.
    ///
    /// # Errors
    /// [`exit::Unusable`] with the file, and the line where it is no TOML or the key that is unknown.
    pub fn read(preset: &str, file: Option<&Path>) -> anyhow::Result<Self> {
        let (name, mut tables) = match file {
            None => (String::new(), Map::new()),
            Some(file) => {
                let (name, text) = read(file)?;
                let tables = toml::from_str::<Map<String, Value>>(&text)
                    .map_err(|error| exit::Unusable(format!("{name}: {error}")))?;
                (format!("{name}: "), tables)
            }
        };
        let mut table = |vendor: &str| {
            let mut table = tables.remove(vendor).unwrap_or_else(|| Value::Object(Map::new()));
            if let Some(table) = table.as_object_mut() {
                table.entry("preset").or_insert_with(|| preset.into());
            }
            table
        };
        let unusable = |text: String| exit::Unusable(format!("{name}{text}"));
        let okta = OktaSettings::from_value(table("okta")).map_err(unusable)?;
        let ioffice = IofficeSettings::from_value(table("ioffice")).map_err(unusable)?;
        if let Some(other) = tables.keys().next() {
            return Err(unusable(format!("unknown table `{other}`: use `okta` and `ioffice`")).into());
        }
        Ok(Self { okta, ioffice })
    }
}
