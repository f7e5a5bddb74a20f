//! Opaque cursors and `Link` headers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    errors::{ApiError, ApiResult},
    moment::Moment,
    request::{Call, encode},
};

/// Makes and opens cursors. A cursor carries its place and its time of issue, so nothing is remembered per listing.
#[derive(Debug)]
pub struct Cursors {
    salt: u64,
    pub life_ms: i64,
    /// Cursors issued before this are dead, whatever their age.
    pub not_before: Moment,
}

impl Cursors {
    pub fn new(salt: u64, life_ms: i64) -> Self {
        Self { salt, life_ms, not_before: Moment::NEVER }
    }

    pub fn seal(&self, place: &str, now: Moment) -> String {
        let plain = format!("{:x}.{:x}.{place}", now.0, self.check(place, now));
        URL_SAFE_NO_PAD.encode(plain)
    }

    /// # Errors
    /// 400 E0000001 for a cursor that is foreign, damaged or past its life.
    pub fn open(&self, cursor: &str, now: Moment) -> ApiResult<String> {
        self.unsealed(cursor, now)
            .ok_or_else(|| ApiError::refused("after", "Invalid or expired pagination cursor"))
    }

    /// Whether a living cursor has spent half its life: time to hand out a fresh one for the same place.
    pub fn aging(&self, cursor: &str, now: Moment) -> bool {
        self.unsealed(cursor, now.plus_ms(self.life_ms / 2)).is_none()
    }

    fn unsealed(&self, cursor: &str, now: Moment) -> Option<String> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let mut parts = plain.splitn(3, '.');
        let issued = Moment(i64::from_str_radix(parts.next()?, 16).ok()?);
        let check = u64::from_str_radix(parts.next()?, 16).ok()?;
        let place = parts.next()?;
        let alive = issued >= self.not_before && now.0.saturating_sub(issued.0) <= self.life_ms;
        (alive && check == self.check(place, issued)).then(|| place.to_owned())
    }

    fn check(&self, place: &str, issued: Moment) -> u64 {
        let mut hash = self.salt ^ issued.0 as u64 ^ 0xcbf2_9ce4_8422_2325;
        for byte in place.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash
    }
}

/// The `Link` headers of a listing: `self` first, because some clients keep only the last line.
pub fn links(call: &Call<'_>, next_after: Option<&str>, limit: usize, dropped: &[&str]) -> Vec<String> {
    let mut out = vec![format!("<{}{}>; rel=\"self\"", call.base, call.path_and_query)];
    if let Some(after) = next_after {
        let mut url = format!("{}{}?after={}&limit={limit}", call.link_base, call.path, encode(after));
        for (name, value) in &call.query {
            if name != "after" && name != "limit" && !dropped.contains(&name.as_str()) {
                url.push_str(&format!("&{}={}", encode(name), encode(value)));
            }
        }
        out.push(format!("<{url}>; rel=\"next\""));
    }
    out
}

/// Whether a sorted listing goes from the greatest to the least.
pub fn descending(call: &Call<'_>) -> ApiResult<bool> {
    match call.given("sortOrder").unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "asc" | "ascending" => Ok(false),
        "desc" | "descending" => Ok(true),
        _ => Err(ApiError::invalid("sortOrder", "must be asc or desc")),
    }
}

/// How many items a listing may return. Over the maximum it is clamped.
pub fn limit(call: &Call<'_>, default: usize, max: usize, clamp: bool) -> ApiResult<usize> {
    let Some(text) = call.given("limit") else { return Ok(default) };
    match text.parse::<i64>() {
        Ok(value) if value >= 1 && value as usize <= max => Ok(value as usize),
        Ok(value) if value >= 1 && clamp => Ok(max),
        // The vendor takes -1 as "your default".
        Ok(-1) => Ok(default),
        _ => Err(ApiError::invalid("limit", &format!("'limit' must be between 1 and {max}"))),
    }
}
