//! Data to stdout, talk to stderr: the one place that writes to either.
//!
//! Whoever reads may go away at any time (`lanyard … | head`). That is no fault: the rest is not written, and the verb ends
//! with the code that it would have ended with. Anything else that keeps data from being written, such as a full disk, is
//! remembered, and makes the process end as failed.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

static SAID: AtomicBool = AtomicBool::new(false);
static CLOSED: AtomicBool = AtomicBool::new(false);
static TROUBLE: OnceLock<String> = OnceLock::new();

/// A line of data on stdout.
macro_rules! say {
    ($($text:tt)*) => { $crate::out::data(format_args!("{}\n", format_args!($($text)*))) };
}

/// A line of talk on stderr.
macro_rules! talk {
    ($($text:tt)*) => { $crate::out::aside(format_args!("{}\n", format_args!($($text)*))) };
}

/// Data on stdout as it is; [`say!`] ends it with a new line.
pub fn data(text: impl fmt::Display) {
    let mut stdout = Stdout;
    // What goes wrong is remembered there.
    let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Talk on stderr as it is; [`talk!`] ends it with a new line. Nobody is there to be told that it cannot be written.
pub fn aside(text: impl fmt::Display) {
    let _ = write!(io::stderr().lock(), "{text}");
}

/// Whether any data was written.
pub fn has_said() -> bool {
    SAID.load(Ordering::Relaxed)
}

/// Whether the reader of our data went away.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Why data could not be written, if not because its reader went away.
pub fn trouble() -> Option<&'static str> {
    TROUBLE.get().map(String::as_str)
}

/// Stdout for much data: give it a buffer. It fails for a reader that went away, so that nobody writes on for nothing; see
/// [`is_closed`].
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.store(true, Ordering::Relaxed);
        io::stdout().write(bytes).inspect_err(note)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().inspect_err(note)
    }
}

fn note(error: &io::Error) {
    match error.kind() {
        ErrorKind::BrokenPipe => CLOSED.store(true, Ordering::Relaxed),
        ErrorKind::Interrupted => {}
        _ => {
            TROUBLE.get_or_init(|| error.to_string());
        }
    }
}
