//! Keys by which people and accounts are found equal, spelling aside.

/// Letters and digits in upper case without leading zeros: `00417` is `417`.
pub(super) fn number(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let bare = kept.trim_start_matches('0');
    if bare.is_empty() { (!kept.is_empty()).then(|| "0".to_owned()) } else { Some(bare.to_owned()) }
}

/// An address in lower case without blanks around it and without its `+tag`.
pub(super) fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let local = local.split('+').next()?;
    (!local.is_empty() && !domain.is_empty() && !domain.contains('@')).then(|| format!("{local}@{domain}"))
}

/// Lower case, single blanks.
pub(super) fn text(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (!text.is_empty()).then_some(text)
}

/// A phone number in the one notation that the policy asks for: `+441234567890 ext. 42`.
pub(super) fn phone(typed: &str) -> String {
    let lower = typed.to_lowercase();
    let cut = ["ext", "x", "#"].iter().find_map(|mark| lower.find(mark).filter(|at| *at > 0));
    let (main, extension) = lower.split_at(cut.unwrap_or(lower.len()));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let main = main.trim();
    let abroad = main.starts_with('+') || main.starts_with("00");
    let kept = digits(&if abroad { main.replacen("(0)", "", 1) } else { main.to_owned() });
    if kept.is_empty() {
        return typed.to_owned();
    }
    let kept = if main.starts_with("00") { &kept[2..] } else { &kept };
    let extension = digits(extension);
    let plus = if abroad { "+" } else { "" };
    if extension.is_empty() { format!("{plus}{kept}") } else { format!("{plus}{kept} ext. {extension}") }
}
