//! Addresses at which one person decides about one request: signed, for one mailbox, for a time.

use std::{fs, path::Path};

use anyhow::Context as _;
use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jiff::Timestamp;
use lanyard_engine::asking::DecisionLinks;
use rand::Rng as _;
use secrecy::ExposeSecret as _;

use crate::local::replace_private;

/// Signs with a key of this server's own.
#[derive(Debug)]
pub struct Links {
    key: hmac::Key,
    public_url: String,
}

impl Links {
    /// The folder's key; made on first use. Removing `keys/links.key` makes every link void.
    ///
    /// # Errors
    /// An unreadable or unwritable file.
    pub fn open(dir: &Path, public_url: &str) -> anyhow::Result<Self> {
        let folder = dir.join("keys");
        let file = folder.join("links.key");
        if !file.exists() {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let mut bytes = [0_u8; 32];
            rand::rng().fill_bytes(&mut bytes);
            // Whole or not at all: an empty key would keep the server from starting.
            replace_private(&file, &format!("{}\n", BASE64.encode(bytes)))?;
        }
        let text = crate::settings::read_secret(dir, Path::new("keys/links.key"))?;
        let bytes = BASE64.decode(text.expose_secret()).context("keys/links.key is no key; remove it")?;
        anyhow::ensure!(
            bytes.len() == 32,
            "keys/links.key is no key; remove it, and links sent before are void"
        );
        Ok(Self::new(&bytes, public_url))
    }

    fn new(key: &[u8], public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), public_url }
    }
}

impl DecisionLinks for Links {
    fn decide(&self, request: &str, mail: &str, until: Timestamp) -> Option<String> {
        let text = serde_json::to_string(&(request, mail, until.as_second())).ok()?;
        let tag = hmac::sign(&self.key, text.as_bytes());
        Some(format!("{}/decide?t={}.{}", self.public_url, BASE64.encode(text), BASE64.encode(tag.as_ref())))
    }

    fn read(&self, token: &str, now: Timestamp) -> Option<(String, String)> {
        let (text, tag) = token.split_once('.')?;
        let (text, tag) = (BASE64.decode(text).ok()?, BASE64.decode(tag).ok()?);
        hmac::verify(&self.key, &text, &tag).ok()?;
        let (request, mail, until): (String, String, i64) = serde_json::from_slice(&text).ok()?;
        (now.as_second() < until).then_some((request, mail))
    }

    fn console(&self) -> Option<String> {
        Some(format!("{}/approvals", self.public_url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a moment")
    }

    #[test]
    fn a_link_names_one_mailbox_and_one_request_until_it_runs_out() {
        let links = Links::new(&[7; 32], "https://lanyard.example/");
        let link = links.decide("clr_1", "mia@acme.example", at(1000)).expect("a link");
        let token = link.strip_prefix("https://lanyard.example/decide?t=").expect("the address").to_owned();
        let read = Some(("clr_1".to_owned(), "mia@acme.example".to_owned()));
        assert_eq!((links.read(&token, at(999)), links.read(&token, at(1000))), (read, None));
        let other = links.decide("clr_1", "bob@acme.example", at(1000)).expect("a link");
        let (_, other) = other.split_once("t=").expect("a token");
        // The text of one under the tag of another.
        let mixed = format!("{}.{}", other.split_once('.').unwrap().0, token.split_once('.').unwrap().1);
        assert_eq!(links.read(&mixed, at(1)), None);
        assert_eq!(
            Links::new(&[8; 32], "https://lanyard.example").read(&token, at(1)),
            None,
            "another server's"
        );
        assert_eq!(links.read("", at(1)), None);
    }
}
