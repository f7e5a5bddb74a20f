//! Runs a program, shows its output as it comes, keeps it for reading, and bounds its time.

use std::{
    cell::Cell,
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

thread_local! {
    /// Stands before each line that this thread shows.
    static LABEL: Cell<&'static str> = const { Cell::new("") };
}

/// From now on every line that this thread shows begins with `label`: what runs beside other work can be told from it.
pub fn label(label: &'static str) {
    LABEL.set(label);
}

/// Shows a line of our own, with this thread's label.
pub fn show(line: &str) {
    println!("{}{line}", LABEL.get());
    let _ = std::io::stdout().flush();
}

/// The same on the stream for trouble.
pub fn complain(line: &str) {
    eprintln!("{}{line}", LABEL.get());
}

/// How often a bounded wait looks.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// A program with arguments, not started yet.
pub struct Call {
    command: Command,
    words: Vec<String>,
    bound: Duration,
    quiet: bool,
}

/// What a finished program said.
pub struct Said {
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
}

impl Said {
    /// All lines, the ordinary ones first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.stdout.iter().chain(&self.stderr).map(String::as_str)
    }
}

/// Which stream a line came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

impl Call {
    /// `program` run in `dir`, killed after `bound`.
    pub fn new(program: &str, dir: PathBuf, bound: Duration) -> Self {
        let mut command = Command::new(program);
        command.current_dir(dir).stdin(Stdio::null());
        // Chores read what runners print; colours and repeated `cargo run` settings only get in the way.
        command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never").env_remove("FORCE_COLOR");
        Self { command, words: vec![program.to_owned()], bound, quiet: false }
    }

    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        for argument in arguments {
            self.words.push(argument.as_ref().to_string_lossy().into_owned());
            self.command.arg(argument);
        }
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Keeps what it says on its ordinary output from being shown.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// The call as a person would type it.
    pub fn words(&self) -> String {
        self.words.join(" ")
    }

    /// Runs to the end, showing every line.
    ///
    /// # Errors
    /// When it cannot be started, does not end in time, or ends with anything but success.
    pub fn run(self) -> anyhow::Result<Said> {
        let (said, failure) = self.run_to_end()?;
        match failure {
            None => Ok(said),
            Some(failure) => bail!(failure),
        }
    }

    /// Like [`Call::run`], but what was said comes back also when the program failed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_to_end(self) -> anyhow::Result<(Said, Option<String>)> {
        let words = self.words();
        show(&format!("    $ {words}"));
        let (bound, quiet) = (self.bound, self.quiet);
        let mut running = self.start()?;
        let mut said = Said { stdout: Vec::new(), stderr: Vec::new() };
        let begun = Instant::now();
        loop {
            running.take_lines(LOOK, &mut |stream, line| note(&mut said, stream, line, quiet));
            if let Some(status) = running.child.try_wait().context("cannot wait for a program")? {
                running.drain(&mut |stream, line| note(&mut said, stream, line, quiet));
                let failure = (!status.success()).then(|| format!("`{words}` ended with {status}"));
                return Ok((said, failure));
            }
            if begun.elapsed() > bound {
                running.stop();
                return Ok((said, Some(format!("`{words}` did not end within {} s", bound.as_secs()))));
            }
        }
    }

    /// Starts it and leaves it running.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut self) -> anyhow::Result<Running> {
        let words = self.words();
        let child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start `{words}`"))?;
        let (sender, lines) = channel();
        if let Some(out) = child.stdout.take() {
            follow(out, Stream::Out, sender.clone());
        }
        if let Some(err) = child.stderr.take() {
            follow(err, Stream::Err, sender);
        }
        Ok(Running { child, lines })
    }
}

fn note(said: &mut Said, stream: Stream, line: String, quiet: bool) {
    match stream {
        Stream::Out => {
            if !quiet {
                show(&line);
            }
            said.stdout.push(line);
        }
        Stream::Err => {
            complain(&line);
            said.stderr.push(line);
        }
    }
}

fn follow(from: impl Read + Send + 'static, stream: Stream, to: Sender<(Stream, String)>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            bytes.clear();
            if to.send((stream, line)).is_err() {
                return;
            }
        }
    });
}

/// A program under way. It is ended when this is dropped.
pub struct Running {
    child: Child,
    lines: Receiver<(Stream, String)>,
}

impl Running {
    /// Hands over the lines that arrive within `wait`; always takes that long.
    pub fn take_lines(&mut self, wait: Duration, each: &mut dyn FnMut(Stream, String)) {
        let begun = Instant::now();
        loop {
            let left = wait.saturating_sub(begun.elapsed());
            match self.lines.recv_timeout(left) {
                Ok((stream, line)) => each(stream, line),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => return pause(left),
            }
        }
    }

    /// The rest of a program that has ended. What it started and left behind may hold the pipe open: bounded.
    fn drain(&mut self, each: &mut dyn FnMut(Stream, String)) {
        let begun = Instant::now();
        while let Ok((stream, line)) = self.lines.recv_timeout(GRACE.saturating_sub(begun.elapsed())) {
            each(stream, line);
        }
    }

    /// Whether it has ended, and how.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end, as a person with Ctrl-C would, and ends it by force if it does not.
    pub fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        if cfg!(unix) {
            let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
            let asked = Instant::now();
            while asked.elapsed() < GRACE {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                pause(LOOK);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "a chore has nothing else to do while it waits for a program")]
fn pause(time: Duration) {
    thread::sleep(time);
}

/// Whether `program` can be started, and the first line it prints for `arguments`.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}
