//! Canonical forms, for comparing only. What people typed is never rewritten with them.

/// Case and outer white space ignored, inner white space runs as one blank.
pub fn text(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// An e-mail address as a matching key: trimmed, lower case, the domain as DNS has it; `None` without exactly one `@` and both halves.
pub fn email(value: &str) -> Option<String> {
    let value = value.trim().to_lowercase();
    let (local, domain) = value.split_once('@')?;
    (!local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        .then(|| if domain.is_ascii() { value.clone() } else { format!("{local}@{}", self::domain(domain)) })
}

/// A domain as DNS has it: lower case, letters of other scripts in their ASCII form (IDNA, UTS 46). What is no domain stays
/// as it is.
pub fn domain(value: &str) -> String {
    idna::domain_to_ascii(value).unwrap_or_else(|_| value.to_lowercase())
}

/// An e-mail address as [`email`], without a plus-tag (`ana+desk@x` as `ana@x`).
pub fn email_without_tag(value: &str) -> Option<String> {
    let value = email(value)?;
    let (local, domain) = value.split_once('@')?;
    let local = local.split('+').next().filter(|l| !l.is_empty())?;
    Some(format!("{local}@{domain}"))
}

/// An employee number as a matching key: letters and digits only, upper case, leading zeros dropped.
pub fn number(value: &str) -> Option<String> {
    let kept: String = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let bare = kept.trim_start_matches('0');
    match (kept.is_empty(), bare.is_empty()) {
        (true, _) => None,
        (false, true) => Some("0".into()),
        (false, false) => Some(bare.into()),
    }
}
