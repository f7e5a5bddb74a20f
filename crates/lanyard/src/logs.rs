//! What the program says while it works: lines on stderr, as text or as JSON; and, where it is built with `otel`, spans
//! to an OpenTelemetry collector.

use std::io::IsTerminal as _;

use tokio::runtime::Handle;
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

#[cfg(feature = "otel")]
pub mod otel;

/// How lines are written: `text` (the default) or `json`, one object a line.
const FORMAT: &str = "LANYARD_LOG_FORMAT";
/// What is logged, in the words of `tracing`'s filters (`info`, `lanyard_engine=debug`).
const WHAT: &str = "LANYARD_LOG";

/// Where spans and numbers go, where it is built with `otel`.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Whether a collector is named that nothing is sent to. `sends`: this binary can.
fn is_unheard(named: Option<&str>, sends: bool) -> bool {
    !sends && named.is_some_and(|address| !address.is_empty())
}

/// What must not end before the program does.
pub struct Logs {
    #[cfg(feature = "otel")]
    _spans: Option<otel::Spans>,
}

impl Logs {
    /// Sends what is left. The runtime must still run.
    pub fn end(self) {}
}

/// Begins to log. `level` counts where the environment does not say otherwise; what leaves over the network does so on
/// `runtime`.
pub fn start(level: &str, runtime: &Handle) -> Logs {
    let filter = EnvFilter::try_from_env(WHAT).unwrap_or_else(|_| EnvFilter::new(level));
    let format = std::env::var(FORMAT).unwrap_or_default();
    let lines = fmt::layer::<Registry>().with_writer(std::io::stderr);
    let lines = match format.as_str() {
        "json" => lines.json().flatten_event(true).with_ansi(false).boxed(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
    };
    let lines = lines.with_filter(filter);
    #[cfg(feature = "otel")]
    let logs = {
        let spans = otel::Spans::start(runtime);
        let layer = spans.as_ref().map(otel::Spans::layer);
        tracing_subscriber::registry().with(lines).with(layer).init();
        Logs { _spans: spans }
    };
    #[cfg(not(feature = "otel"))]
    let logs = {
        let _ = runtime;
        tracing_subscriber::registry().with(lines).init();
        Logs {}
    };
    if !["", "text", "json"].contains(&format.as_str()) {
        tracing::warn!(format, "{FORMAT} is neither text nor json: lines are text");
    }
    if is_unheard(std::env::var(COLLECTOR).ok().as_deref(), cfg!(feature = "otel")) {
        tracing::warn!(
            "{COLLECTOR} is set, and this binary was built without the feature otel: nothing is sent there"
        );
    }
    logs
}

#[cfg(test)]
mod tests {
    use super::is_unheard;

    #[test]
    fn a_collector_that_nothing_is_sent_to_is_told_of() {
        let named = Some("https://collector.example");
        let told = [(named, false), (named, true), (Some(""), false), (None, false)];
        assert_eq!(told.map(|(named, sends)| is_unheard(named, sends)), [true, false, false, false]);
    }
}
