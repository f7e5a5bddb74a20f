//! Traces and metrics to an OpenTelemetry collector (OTLP over HTTP). Nothing is sent unless
//! `OTEL_EXPORTER_OTLP_ENDPOINT` names one. Spans carry tenants, sites, counts and outcomes, and nobody's name or id: what is
//! not named in [`TOLD`] does not leave, and log lines, which do name people, do not leave at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use lanyard_web::WebState;
use lanyard_wire::{HttpsTransport, Transport as _, TransportSettings};
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider as _},
    trace::{Status, TracerProvider as _},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::SdkMeterProvider,
    trace::{SdkTracerProvider, SpanData, SpanEvents},
};
use tokio::runtime::Handle;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

/// Where the collector is; the exporters add `/v1/traces` and `/v1/metrics`.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const NAME: &str = "lanyard";
/// How often the numbers are read.
const READ_EVERY: Duration = Duration::from_secs(15);
const SENT_WITHIN: Duration = Duration::from_secs(10);

/// What a span may say to the collector.
const TOLD: [&str; 14] = [
    "attempts",
    "changed",
    "code.file.path",
    "code.line.number",
    "code.module.name",
    "http.request.method",
    "http.response.status_code",
    "lane",
    "people",
    "scope",
    "server.address",
    "source",
    "target",
    "tenant",
];
/// Whose spans are sent.
const OURS: [&str; 4] = ["lanyard", "lanyard_engine", "lanyard_wire", "lanyard_web"];

/// Lets go of everything that a collector is not to be told, whoever wrote it into a span.
#[derive(Debug)]
struct Bare<E>(E);

impl<E: opentelemetry_sdk::trace::SpanExporter> opentelemetry_sdk::trace::SpanExporter for Bare<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        for span in &mut batch {
            span.attributes.retain(|told| TOLD.contains(&told.key.as_str()));
            span.events = SpanEvents::default();
            if let Status::Error { description } = &mut span.status {
                *description = "".into();
            }
        }
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// Sends over our own client: TLS as everywhere, plain http to loopback only.
struct Client {
    transport: Arc<HttpsTransport>,
    runtime: Handle,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    /// Exporters call from threads of their own; the exchange itself needs the runtime.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let transport = Arc::clone(&self.transport);
        let sent = self.runtime.spawn(async move { transport.exchange(request, SENT_WITHIN).await });
        Ok(sent.await??)
    }
}

fn client(runtime: &Handle) -> Option<Client> {
    std::env::var_os(ENDPOINT).filter(|place| !place.is_empty())?;
    match HttpsTransport::new(&TransportSettings::default()) {
        Ok(transport) => Some(Client { transport: Arc::new(transport), runtime: runtime.clone() }),
        Err(error) => {
            talk!("nothing is sent to the OpenTelemetry collector: {error}");
            None
        }
    }
}

fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder().with_service_name(NAME).with_attribute(version).build()
}

/// Spans on their way to the collector; what is left goes when this is dropped.
pub struct Spans(SdkTracerProvider);

impl Spans {
    pub fn start(runtime: &Handle) -> Option<Self> {
        let exporter = SpanExporter::builder().with_http().with_http_client(client(runtime)?).build();
        match exporter {
            Ok(exporter) => {
                let builder = SdkTracerProvider::builder().with_resource(resource());
                Some(Self(builder.with_batch_exporter(Bare(exporter)).build()))
            }
            Err(error) => {
                talk!("no traces are sent: {error}");
                None
            }
        }
    }

    /// Our own spans, whatever is logged.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: tracing::Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let ours = filter_fn(|about| {
            let of_us = OURS.iter().any(|name| about.target().split("::").next() == Some(name));
            about.is_span() && of_us && *about.level() <= tracing::Level::DEBUG
        });
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(NAME)).with_threads(false).with_filter(ours)
    }
}

impl Drop for Spans {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// One value of a series.
struct Value {
    labels: Vec<KeyValue>,
    value: u64,
}

type Numbers = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

/// Metrics on their way to the collector, as long as this lives.
pub struct Metrics(SdkMeterProvider);

impl Metrics {
    /// Sends what `/metrics` shows. Must be called within the runtime.
    pub fn start(state: Arc<WebState>) -> Option<Self> {
        let exporter = MetricExporter::builder().with_http().with_http_client(client(&Handle::current())?);
        let exporter = match exporter.build() {
            Ok(exporter) => exporter,
            Err(error) => {
                talk!("no metrics are sent: {error}");
                return None;
            }
        };
        let provider =
            SdkMeterProvider::builder().with_resource(resource()).with_periodic_exporter(exporter).build();
        let meter = provider.meter(NAME);
        tokio::spawn(async move {
            let numbers = Numbers::default();
            loop {
                if let Ok(text) = lanyard_web::metrics(&state).await {
                    read(&text, &numbers, &meter);
                }
                state.engine.clock().sleep(READ_EVERY).await;
            }
        });
        Some(Self(provider))
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// Takes over the text of `/metrics`; a series that is new gets its instrument.
fn read(text: &str, numbers: &Numbers, meter: &Meter) {
    let mut helps: BTreeMap<&str, &str> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut values: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            helps.insert(name, help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            kinds.insert(name, kind);
        } else if let Some((series, value)) = line.rsplit_once(' ')
            && let Ok(value) = value.parse()
        {
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split(',').filter_map(|label| {
                let (key, value) = label.split_once('=')?;
                Some(KeyValue::new(key.to_owned(), value.trim_matches('"').to_owned()))
            });
            values.entry(name.to_owned()).or_default().push(Value { labels: labels.collect(), value });
        }
    }
    let new: Vec<String> = {
        let mut known = numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = values.keys().filter(|name| !known.contains_key(*name)).cloned().collect();
        // A series of which nothing is said any more says nothing.
        known.values_mut().for_each(Vec::clear);
        known.extend(values);
        new
    };
    for name in new {
        let (help, kind) = (helps.get(&*name).copied().unwrap_or_default(), kinds.get(&*name).copied());
        let (numbers, key) = (Arc::clone(numbers), name.clone());
        let told = move |observe: &mut dyn FnMut(u64, &[KeyValue])| {
            let numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
            for one in numbers.get(&key).into_iter().flatten() {
                observe(one.value, &one.labels);
            }
        };
        if kind == Some("counter") {
            let builder = meter.u64_observable_counter(name).with_description(help.to_owned());
            builder.with_callback(move |to| told(&mut |value, labels| to.observe(value, labels))).build();
        } else {
            let builder = meter.u64_observable_gauge(name).with_description(help.to_owned());
            builder.with_callback(move |to| told(&mut |value, labels| to.observe(value, labels))).build();
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps what would be sent, as it would be read.
    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl opentelemetry_sdk::trace::SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(batch.into_iter().map(|span| format!("{span:?}")));
            Ok(())
        }
    }

    #[test]
    fn nobodys_address_leaves_in_a_span_or_a_log_line() {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(Bare(kept.clone())).build();
        let spans = Spans(provider);
        let subscriber = tracing_subscriber::registry().with(spans.layer());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::debug_span!(
                target: "lanyard_engine::look",
                "look",
                tenant = "harborlight",
                attempts = 3,
                identity = "harborlight/00uPLANTED",
                why = "asked for by planted@harborlight.example",
                people = tracing::field::Empty,
            );
            let _inside = span.enter();
            span.record("people", 7);
            let address = "planted@harborlight.example";
            tracing::warn!(target: "lanyard_engine::look", address, "planted@harborlight.example cannot be decided");
            tracing::error!(target: "lanyard_engine::look", error = "planted@harborlight.example is twice");
            let _foreign = tracing::info_span!(target: "hyper::client", "planted").entered();
        });
        drop(spans);
        let sent = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let [look] = &sent[..] else { panic!("{sent:#?}") };
        assert!(
            look.contains("harborlight") && look.contains("\"attempts\"") && look.contains("\"people\""),
            "{look}"
        );
        assert!(!look.contains("planted") && !look.contains("PLANTED"), "{look}");
    }
}
