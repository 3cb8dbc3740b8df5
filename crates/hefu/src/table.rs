//! What an assessment looks like to a person: a line as each probe ends, and a table at the end.

use std::fmt::Write as _;

use hefu_assess::{Assessment, AttackResult, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Clauses that a line shows before it says how many more there are.
const CLAUSES_SHOWN: usize = 3;

/// Shows how far the probes are, on standard error.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    lines: bool,
}

impl Bar {
    /// A moving bar on a terminal; elsewhere a line a probe.
    pub(crate) fn new(is_terminal: bool, probes: usize) -> Self {
        let target = if is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(probes as u64), target);
        // A template that does not parse leaves the library's own style.
        if let Ok(style) = ProgressStyle::with_template("  {bar:32} {pos}/{len}  {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            lines: !is_terminal,
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn probed(&self, result: &AttackResult, done: usize, total: usize) {
        self.bar.set_position(done as u64);
        self.bar.set_message(result.title);
        if self.lines || !result.held() {
            let line = format!("[{done:>2}/{total}] {} {}", verdict(result), result.title);
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }
}

/// The table of a whole assessment.
pub(crate) fn table(assessment: &Assessment) -> String {
    let titles = assessment
        .attacks
        .iter()
        .map(|result| result.title.chars().count());
    let width = titles.max().unwrap_or_default().min(76);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n  {:<width$}  {:<9} {:<11} {:<42} answer",
        "attack", "refused", "honest twin", "clauses"
    );
    let _ = writeln!(text, "  {}", "─".repeat(width + 84));
    for result in &assessment.attacks {
        let _ = writeln!(
            text,
            "  {:<width$}  {:<9} {:<11} {:<42} {}",
            shortened(result.title, width),
            if result.refused {
                "✓ refused"
            } else {
                "✗ PASSED"
            },
            if result.twin_passed {
                "✓ passed"
            } else {
                "✗ REFUSED"
            },
            clauses(result.clauses),
            result.answer,
        );
    }
    let count = |held: fn(&AttackResult) -> bool| {
        assessment
            .attacks
            .iter()
            .filter(|result| held(result))
            .count()
    };
    let (refused, passed) = (count(|r| r.refused), count(|r| r.twin_passed));
    let total = assessment.attacks.len();
    let _ = writeln!(
        text,
        "\n  {total} attacks, {refused} refused. {total} honest twins, {passed} passed. {:.1} s.",
        std::time::Duration::from_millis(assessment.millis).as_secs_f64(),
    );
    if !assessment.held() {
        text.push_str("  Something did not hold: see the lines marked ✗.\n");
    }
    text
}

fn verdict(result: &AttackResult) -> &'static str {
    match (result.refused, result.twin_passed) {
        (true, true) => "✓ refused, twin passed ",
        (true, false) => "✗ refused, TWIN REFUSED",
        (false, _) => "✗ ATTACK PASSED        ",
    }
}

fn clauses(all: &[&str]) -> String {
    let shown: Vec<&str> = all.iter().take(CLAUSES_SHOWN).copied().collect();
    let more = all.len().saturating_sub(CLAUSES_SHOWN);
    let shown = shown.join(" ");
    if more == 0 {
        shown
    } else {
        format!("{shown} +{more}")
    }
}

fn shortened(title: &str, width: usize) -> String {
    if title.chars().count() <= width {
        return title.to_owned();
    }
    title
        .chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(refused: bool, twin_passed: bool) -> AttackResult {
        AttackResult {
            id: "x",
            title: "Something is tried",
            clauses: &["A-1", "A-2", "A-3", "A-4"],
            refused,
            twin_passed,
            answer: "401".into(),
            millis: 3,
        }
    }

    #[test]
    fn what_did_not_hold_is_marked() {
        let assessment = |attacks| Assessment {
            target: String::new(),
            attacks,
            millis: 1_500,
        };
        let good = table(&assessment(vec![result(true, true)]));
        assert!(
            good.contains("1 attacks, 1 refused. 1 honest twins, 1 passed. 1.5 s."),
            "{good}"
        );
        assert!(
            good.contains("A-1 A-2 A-3 +1") && !good.contains('✗'),
            "{good}"
        );
        let bad = table(&assessment(vec![result(false, true), result(true, false)]));
        assert!(
            bad.contains("✗ PASSED") && bad.contains("✗ REFUSED"),
            "{bad}"
        );
        assert!(bad.contains("did not hold"), "{bad}");
    }
}
