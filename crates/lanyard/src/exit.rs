//! Exit codes, which people script against, and how errors are printed.

/// All is well.
pub const DONE: u8 = 0;
/// It ran and failed, or found something wrong.
pub const FAILED: u8 = 1;
/// Arguments, settings, policy or faults file cannot be used. Nothing was started.
pub const UNUSABLE: u8 = 2;
/// Something differs or is still open (`plan` with changes, `apply` with steps left).
pub const OPEN: u8 = 3;
/// An upstream refused our credential, or cannot be reached.
pub const UPSTREAM: u8 = 4;

/// Marks an error as the fault of what was given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Marks an error as an upstream's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Upstream(pub String);

/// The code of an error.
pub fn of(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<Unusable>() || cause.is::<crate::settings::SettingsProblems>()) {
        UNUSABLE
    } else if error.chain().any(|cause| cause.is::<Upstream>()) {
        UPSTREAM
    } else {
        FAILED
    }
}

/// Whether it is only that the reader of our data went away.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prints the chain once.
pub fn print(error: &anyhow::Error) {
    let text = format!("{error:#}");
    if text.starts_with("error") {
        talk!("{text}");
    } else {
        talk!("error: {text}");
    }
}
