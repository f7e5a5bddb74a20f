//! Objects in a bucket that speaks S3: signed PUTs (signature version 4), one object per message.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use lanyard_engine::ports::Message;
use lanyard_wire::Transport;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use secrecy::{ExposeSecret as _, SecretString};

const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a signed address can be used.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// Buckets with object lock take nothing without a checksum.
const CHECKSUM: &str = "x-amz-checksum-sha256";

/// Where objects go.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// `https://s3.REGION.amazonaws.com`, or the address of whatever else speaks S3.
    pub endpoint: url::Url,
    pub name: String,
    pub region: String,
    /// Put before each object's name.
    pub prefix: String,
    /// The bucket as first part of the path, instead of the host's name.
    pub path_style: bool,
    pub key_id: String,
    pub key: SecretString,
}

impl BucketSettings {
    fn bucket(&self) -> Result<Bucket, String> {
        let style = if self.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        Bucket::new(self.endpoint.clone(), style, self.name.clone(), self.region.clone())
            .map_err(|error| format!("the bucket {} cannot be addressed: {error}", self.name))
    }
}

/// Writes the message's text. Writing it twice leaves the same object.
pub(crate) async fn put(
    transport: &dyn Transport,
    settings: &BucketSettings,
    message: &Message,
    now: Timestamp,
) -> Result<(), String> {
    let object = message
        .data
        .as_ref()
        .and_then(|data| data["object"].as_str())
        .ok_or("this message names no object; only checkpoints go to the bucket")?;
    let request = signed(settings, object, &message.text, now)?;
    let response = transport.exchange(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    if response.status().is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(response.body());
    let code =
        said.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    Err(format!(
        "the bucket {} answered {}{}; check key, region, and the right to write {}{object}",
        settings.name,
        response.status(),
        code.map(|code| format!(" ({code})")).unwrap_or_default(),
        settings.prefix,
    ))
}

fn signed(
    settings: &BucketSettings,
    object: &str,
    text: &str,
    now: Timestamp,
) -> Result<Request<Bytes>, String> {
    let bucket = settings.bucket()?;
    let credentials = Credentials::new(settings.key_id.clone(), settings.key.expose_secret().to_owned());
    let object = format!("{}{object}", settings.prefix);
    let sum = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let mut action = bucket.put_object(Some(&credentials), &object);
    action.headers_mut().insert(CHECKSUM, sum.clone());
    let url = action.sign_with_time(SIGNED_FOR, &now);
    Request::builder()
        .method(Method::PUT)
        .uri(url.as_str())
        .header(CHECKSUM, sum)
        .header(http::header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Bytes::from(text.to_owned()))
        .map_err(|_| "the bucket's address cannot be used".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_addressed_summed_and_signed_without_showing_the_key() {
        let mut settings = BucketSettings {
            endpoint: "https://s3.eu-central-1.amazonaws.com".parse().expect("an address"),
            name: "evidence".into(),
            region: "eu-central-1".into(),
            prefix: "lanyard/".into(),
            path_style: false,
            key_id: "AKIAEXAMPLE".into(),
            key: SecretString::from("planted-secret"),
        };
        let now = "2026-05-04T08:00:00Z".parse().expect("a moment");
        let one = signed(&settings, "main/newest.checkpoint", "note", now).expect("a request");
        let uri = one.uri().to_string();
        assert!(
            uri.starts_with("https://evidence.s3.eu-central-1.amazonaws.com/lanyard/main/newest.checkpoint?"),
            "{uri}"
        );
        for part in [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Date=20260504T080000Z",
            "x-amz-checksum-sha256",
            "X-Amz-Signature=",
        ] {
            assert!(uri.contains(part), "{part}: {uri}");
        }
        assert!(!uri.contains("planted-secret"));
        assert_eq!(one.headers()[CHECKSUM], "7bRlYkKR5AU8bF6kt+syDex3PhClfSa5Xc8FZPjjEPg=");
        let other = signed(&settings, "main/newest.checkpoint", "other", now).expect("a request");
        assert_ne!(one.uri(), other.uri(), "the content is under the signature");
        settings.path_style = true;
        let path = signed(&settings, "a", "note", now).expect("a request").uri().to_string();
        assert!(path.starts_with("https://s3.eu-central-1.amazonaws.com/evidence/lanyard/a?"), "{path}");
    }
}
