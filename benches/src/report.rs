//! Figures of a run: medians over the rounds, and ratios within each round.

use std::fmt::Write as _;

use crate::{
    load::{Round, count},
    measure::{Sample, Subject},
};

/// All rounds of one server.
#[derive(Debug)]
pub(crate) struct Rounds {
    pub(crate) subject: Subject,
    /// The fastest yet, in requests a second.
    pub(crate) rate: f64,
    pub(crate) samples: Vec<Sample>,
}

impl Rounds {
    /// Requests a second.
    pub(crate) fn per_s(&self) -> f64 {
        self.median(|sample| sample.round.per_s())
    }

    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    /// The median of the ratios, each within one round: what disturbs a round disturbs both.
    fn ratio(&self, to: &Self, of: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.samples.iter().zip(&to.samples);
        median(pairs.map(|(one, other)| of(one) / of(other)).collect())
    }
}

impl Sample {
    /// CPU time of the server for each request, in microseconds.
    fn cpu_us(&self) -> f64 {
        self.each(self.in_all.all_ns)
    }

    /// The same without what a deployment does beside serving.
    fn workers_us(&self) -> f64 {
        match self.in_all.workers_ns {
            0 => self.cpu_us(),
            nanos => self.each(nanos),
        }
    }

    /// The share of the core that the server had while requests were sent.
    fn busy(&self) -> f64 {
        count(self.during.all_ns) / 1e9 / self.round.elapsed.as_secs_f64()
    }

    fn each(&self, nanos: u64) -> f64 {
        count(nanos) / 1e3 / count(self.round.answers())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle.wrapping_sub(1)), values.get(middle)) {
        (Some(below), Some(above)) if values.len().is_multiple_of(2) => (below + above) / 2.0,
        (_, Some(middle)) => *middle,
        _ => f64::NAN,
    }
}

/// The comparison as a table.
pub(crate) fn rounds(all: &[Rounds]) -> String {
    let mut text = String::from(
        "\nthroughput: each connection sends when it has its answer; medians, and medians of the \
         ratios within a round\n\
         server                         req/s   p50 µs   p99 µs   CPU µs   workers   core busy  \
         req/s ratio   CPU ratio\n",
    );
    for rounds in all {
        let rival = all
            .iter()
            .find(|other| other.subject == rounds.subject.rival());
        let ratio = |of: &dyn Fn(&Sample) -> f64| {
            rival.map_or("-".to_owned(), |rival| {
                format!("{:.2}", rounds.ratio(rival, of))
            })
        };
        let quantile = |share| rounds.median(|sample| f64::from(sample.round.quantile(share)));
        let _ = writeln!(
            text,
            "{:<29} {:>6.0} {:>8.0} {:>8.0} {:>8.1} {:>9.1} {:>10.0}% {:>12} {:>11}",
            rounds.subject.name(),
            rounds.per_s(),
            quantile(0.5),
            quantile(0.99),
            rounds.median(Sample::cpu_us),
            rounds.median(Sample::workers_us),
            rounds.median(Sample::busy) * 100.0,
            ratio(&|sample| sample.round.per_s()),
            ratio(&Sample::cpu_us),
        );
    }
    for rounds in all {
        let Some(first) = rounds.samples.first() else {
            continue;
        };
        let each: Vec<String> = rounds
            .samples
            .iter()
            .map(|sample| format!("{:.0}", sample.round.per_s()))
            .collect();
        let _ = writeln!(
            text,
            "  {}: {} ({})",
            rounds.subject.name(),
            each.join(" "),
            first.round.channel
        );
    }
    text
}

/// Both servers at one rate that the gateway bears with ease.
#[derive(Debug)]
pub(crate) struct HalfLoad {
    pub(crate) per_s: f64,
    pub(crate) nginx: Vec<Sample>,
    pub(crate) gateway: Vec<Sample>,
}

/// What guards add to the time of an answer.
pub(crate) fn half_load(half: &HalfLoad) -> String {
    let quantile = |samples: &[Sample], share| {
        let of = |sample: &Sample| f64::from(sample.round.quantile(share));
        median(samples.iter().map(of).collect())
    };
    let mut text = format!(
        "half load: {:.0} requests a second, evenly spread, TLS 1.3\n\
         server               p50 µs   p99 µs\n",
        half.per_s
    );
    for (name, samples) in [("nginx", &half.nginx), ("gateway", &half.gateway)] {
        let _ = writeln!(
            text,
            "{name:<20} {:>6.0} {:>8.0}",
            quantile(samples, 0.5),
            quantile(samples, 0.99)
        );
    }
    let pairs = half.nginx.iter().zip(&half.gateway);
    let added = pairs.map(|(nginx, gateway)| {
        f64::from(gateway.round.quantile(0.99)) - f64::from(nginx.round.quantile(0.99))
    });
    let _ = writeln!(
        text,
        "p99 added by the guards: {:.0} µs",
        median(added.collect())
    );
    text
}

/// How the gateway's memory bears more nonces than it remembers.
#[derive(Debug)]
pub(crate) struct Flood {
    pub(crate) nonces_max: usize,
    /// Bytes in RAM, requests let in, requests refused.
    pub(crate) steps: Vec<(u64, u64, u64)>,
}

impl Flood {
    pub(crate) fn note(&mut self, resident_bytes: u64, round: &Round) {
        let passed = round.answers() - round.refused();
        self.steps.push((resident_bytes, passed, round.refused()));
    }
}

/// The flood, step by step.
pub(crate) fn flood(flood: &Flood) -> String {
    let mut text = format!(
        "nonce flood: {} nonces are remembered\n  let in   refused   resident MiB\n",
        flood.nonces_max
    );
    for (resident, passed, refused) in &flood.steps {
        let mebibytes = count(*resident) / f64::from(1 << 20);
        let _ = writeln!(text, "{passed:>8} {refused:>9} {mebibytes:>14.1}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::cpu::CpuTime;

    #[test]
    fn a_median_is_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    fn sample(answers: u64, cpu_ns: u64) -> Sample {
        let cpu = CpuTime {
            all_ns: cpu_ns,
            workers_ns: 0,
        };
        Sample {
            round: Round {
                statuses: BTreeMap::from([(200, answers)]),
                elapsed: Duration::from_secs(2),
                micros: vec![100; 4],
                channel: "plain".to_owned(),
            },
            during: cpu,
            in_all: cpu,
        }
    }

    #[test]
    fn figures_are_for_each_request_and_second() {
        let of = |subject, samples| Rounds {
            subject,
            rate: 0.0,
            samples,
        };
        let nginx = of(Subject::NginxPlain, vec![sample(1_000, 20_000_000)]);
        let gateway = of(Subject::GatewayPlain, vec![sample(500, 20_000_000)]);
        assert!((nginx.per_s() - 500.0).abs() < 1e-9);
        assert!((gateway.ratio(&nginx, |sample| sample.round.per_s()) - 0.5).abs() < 1e-9);
        assert!((gateway.ratio(&nginx, Sample::cpu_us) - 2.0).abs() < 1e-9);
        let text = rounds(&[nginx, gateway]);
        assert!(
            text.contains("gateway, hmac-sm3, plain         250"),
            "{text}"
        );
        assert!(text.contains("0.50"), "{text}");
    }
}
