//! Counters and times for Prometheus. Labels have bounded values only: function numbers that the
//! contract knows, classes, public codes and guards; never anything a stranger chose.

use std::fmt;

use hefu_evidence::Health;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// Bounds in seconds, with the three classes' own limits (100, 300 and 500 ms) among them.
const SECONDS_BOUNDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 5.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    function: String,
    class: &'static str,
    code: &'static str,
    guard: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFunction {
    function: String,
    class: &'static str,
}

/// What the gateway counts.
pub(crate) struct Metrics {
    registry: Registry,
    decisions: Family<Decision, Counter>,
    seconds: Family<OfFunction, Histogram, fn() -> Histogram>,
    pub(crate) connections_refused: Counter,
    pub(crate) handshakes_failed: Counter,
    pub(crate) panics: Counter,
    connections: Gauge,
    in_flight: Gauge,
    events_recorded: Gauge,
    events_unrecorded: Gauge,
    events_spooled_bytes: Gauge,
}

/// What is read at the moment that Prometheus asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauges {
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
    pub(crate) events: Health,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The counters of one function, looked up once.
#[derive(Clone, Debug)]
pub(crate) struct FunctionMetrics {
    labels: OfFunction,
    passed: Counter,
    seconds: Histogram,
}

impl Metrics {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of metrics with their words, read from top to bottom"
    )]
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("hefu_gateway");
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS_BOUNDS);
        let metrics = Self {
            decisions: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            connections_refused: Counter::default(),
            handshakes_failed: Counter::default(),
            panics: Counter::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            events_recorded: Gauge::default(),
            events_unrecorded: Gauge::default(),
            events_spooled_bytes: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register(
            "requests",
            "Decided requests, by function, class, public code and the guard that refused",
            metrics.decisions.clone(),
        );
        registry.register_with_unit(
            "request",
            "From the whole head to the response being ready",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections over a limit, closed unheard",
            metrics.connections_refused.clone(),
        );
        registry.register(
            "handshakes_failed",
            "TLS handshakes that did not end in a connection",
            metrics.handshakes_failed.clone(),
        );
        registry.register(
            "panics",
            "Requests answered `internal` because code panicked; each one is a bug",
            metrics.panics.clone(),
        );
        registry.register(
            "connections",
            "Open connections",
            metrics.connections.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests being decided or forwarded",
            metrics.in_flight.clone(),
        );
        for (name, help, gauge) in [
            (
                "events_recorded",
                "Events recorded since the start",
                &metrics.events_recorded,
            ),
            (
                "events_unrecorded",
                "Events that could not be recorded; their requests were refused",
                &metrics.events_unrecorded,
            ),
            (
                "events_spooled_bytes",
                "Bytes of events that wait for the store",
                &metrics.events_spooled_bytes,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        Self {
            registry,
            ..metrics
        }
    }

    pub(crate) fn of_function(&self, function: &str, class: &'static str) -> FunctionMetrics {
        let labels = OfFunction {
            function: function.to_owned(),
            class,
        };
        let passed = Decision {
            function: labels.function.clone(),
            class,
            code: "ok",
            guard: "",
        };
        FunctionMetrics {
            passed: self.decisions.get_or_create_owned(&passed),
            seconds: self.seconds.get_or_create_owned(&labels),
            labels,
        }
    }

    pub(crate) fn passed(&self, function: &FunctionMetrics, micros: u64) {
        function.passed.inc();
        function.seconds.observe(seconds(micros));
    }

    pub(crate) fn refused(
        &self,
        function: &FunctionMetrics,
        code: &'static str,
        guard: &'static str,
        micros: u64,
    ) {
        let labels = Decision {
            function: function.labels.function.clone(),
            class: function.labels.class,
            code,
            guard,
        };
        self.decisions.get_or_create(&labels).inc();
        function.seconds.observe(seconds(micros));
    }

    /// The text that Prometheus reads.
    pub(crate) fn encode(&self, gauges: &Gauges) -> Result<String, fmt::Error> {
        let clip = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let clip_u64 = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.connections.set(clip(gauges.connections));
        self.in_flight.set(clip(gauges.in_flight));
        self.events_recorded.set(clip_u64(gauges.events.recorded));
        self.events_unrecorded
            .set(clip_u64(gauges.events.unrecorded));
        self.events_spooled_bytes
            .set(clip_u64(gauges.events.spooled_bytes));
        let mut out = String::with_capacity(8 << 10);
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

fn seconds(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_and_times_are_told_by_function_and_guard() {
        let metrics = Metrics::new();
        let transfer = metrics.of_function("T2001", "trade");
        metrics.passed(&transfer, 1_500);
        metrics.refused(&transfer, "unauthenticated", "replay", 300);
        let gauges = Gauges {
            connections: 3,
            in_flight: 1,
            events: Health {
                is_recording: true,
                recorded: 7,
                unrecorded: 0,
                imported: 5,
                spooled_bytes: 300,
                torn_bytes: 0,
                failed_imports: 0,
            },
        };
        let text = metrics.encode(&gauges).unwrap();
        for line in [
            r#"hefu_gateway_requests_total{function="T2001",class="trade",code="ok",guard=""} 1"#,
            r#"hefu_gateway_requests_total{function="T2001",class="trade",code="unauthenticated",guard="replay"} 1"#,
            r#"hefu_gateway_request_seconds_bucket{le="0.0025",function="T2001",class="trade"} 2"#,
            r#"hefu_gateway_request_seconds_bucket{le="0.001",function="T2001",class="trade"} 1"#,
            "hefu_gateway_connections 3",
            "hefu_gateway_requests_in_flight 1",
            "hefu_gateway_events_recorded 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
