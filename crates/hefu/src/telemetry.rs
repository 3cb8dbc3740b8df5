//! Log lines, and traces to an OpenTelemetry collector where one is configured.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::TelemetrySection;

/// Why logging or tracing does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TelemetryError {
    /// The filter.
    #[error(
        "telemetry.log: {0}; use error, warn, info, debug or a filter such as \"info,hefu_gateway=debug\""
    )]
    Filter(#[from] ParseError),
    /// The collector's address.
    #[error("telemetry.otlp_endpoint: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Something else of this process logs already.
    #[error(transparent)]
    Init(#[from] TryInitError),
}

/// Keeps traces flowing; the last ones are sent when it is dropped.
#[derive(Debug)]
pub(crate) struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Starts logging, and tracing where it is configured.
///
/// # Errors
/// When the filter or the collector's address cannot be used.
pub(crate) fn start(config: &TelemetrySection) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::builder().parse(config.log.as_deref().unwrap_or("info"))?;
    let lines = if config.json {
        fmt::layer().json().with_writer(std::io::stderr).boxed()
    } else {
        fmt::layer().with_writer(std::io::stderr).boxed()
    };
    let provider = config.otlp_endpoint.as_deref().map(provider).transpose()?;
    // One span a request, whatever the log's filter says.
    let requests = Targets::new().with_target("hefu_gateway", LevelFilter::DEBUG);
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("hefu"))
            .with_filter(requests)
    });
    tracing_subscriber::registry()
        .with(traces)
        .with(lines.with_filter(filter))
        .try_init()?;
    Ok(Telemetry { provider })
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()?;
    let resource = Resource::builder().with_service_name("hefu").build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider {
            // The collector may be gone; the last traces go with it.
            let _ = provider.shutdown();
        }
    }
}
