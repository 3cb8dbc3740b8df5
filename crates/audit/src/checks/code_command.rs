//! Whether values become commands.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-command",
    title: words("Values become commands", "变量拼入系统命令"),
    purpose: words(
        "Whoever chooses part of a command runs programs with the rights of the app.",
        "能控制命令内容的人即可用应用权限运行程序。",
    ),
    procedure: words(
        "Follow the arguments of Runtime.exec and ProcessBuilder to intents of other apps and to \
         anything that is not written down in the package.",
        "追踪 Runtime.exec 与 ProcessBuilder 的参数是否来自其他应用的 Intent 或非包内常量。",
    ),
    criterion: words(
        "Every command is written down in the package in full.",
        "所有命令均完整写在包内。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[78, 88],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut calls = code.calls_to("java.lang.Runtime", "exec");
        calls.extend(code.calls_to("java.lang.ProcessBuilder", "<init>"));
        calls.extend(code.calls_to("java.lang.ProcessBuilder", "command"));
        let mut findings = Findings::new();
        for sink in flow::sinks(calls, &[0]) {
            let Some(command) = sink.value(0) else {
                continue;
            };
            let site = sink.call.site();
            let constants = constants(command);
            if let Some(extra) = flow::from_outside(command) {
                let what = words("another app chooses the command", "命令由其他应用指定");
                findings.wrong.push(Evidence::at(what, &site).string(extra));
            } else if is_constant(command) {
                let what = words("a constant command", "固定命令");
                findings
                    .right
                    .push(Evidence::at(what, &site).string(constants));
            } else if !flow::ingredients(command)
                .iter()
                .any(|ingredient| matches!(ingredient, Origin::Parameter(_)))
            {
                // Parameters are judged where they are passed.
                let what = words("a command with values in it", "命令中含变量");
                findings
                    .doubtful
                    .push(Evidence::at(what, &site).string(constants));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(&exec(
                "const/4 v0, 0\ninvoke-virtual {v0}, Landroid/content/Intent;->getDataString()Ljava/lang/String;\n\
                 move-result-object v1",
            ))
        },
        evidence: &[
            "another app chooses the command: android.content.Intent.getDataString at com.bank.Main.run()V",
        ],
        good: || Sample::method(&exec("const-string v1, \"getprop\"")),
        broken: || Sample::method(&exec("const-string v1, \"getprop\"")).damaged("classes.dex"),
    },
};

/// The constant words of a command.
fn constants(command: &Origin<'_>) -> String {
    let ingredients = flow::ingredients(command);
    let texts: Vec<_> = ingredients.iter().filter_map(Origin::text).collect();
    texts.join(" ")
}

fn is_constant(command: &Origin<'_>) -> bool {
    match command {
        Origin::Array(array) => array
            .elements()
            .is_some_and(|elements| elements.iter().all(|word| is_constant(word))),
        value => {
            let parts = value.parts();
            parts
                .iter()
                .flat_map(Origin::resolve)
                .all(|part| matches!(part, Origin::Text(_) | Origin::Int(_)))
        }
    }
}

#[cfg(test)]
fn exec(command: &str) -> String {
    format!(
        "{command}\ninvoke-static {{}}, Ljava/lang/Runtime;->getRuntime()Ljava/lang/Runtime;\n\
         move-result-object v3\n\
         invoke-virtual {{v3, v1}}, Ljava/lang/Runtime;->exec(Ljava/lang/String;)Ljava/lang/Process;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn values_of_the_device_are_doubtful() {
        let body = exec(
            "const-string v1, \"ls \"\nsget-object v2, Lcom/bank/Main;->folder:Ljava/lang/String;\n\
             invoke-virtual {v1, v2}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v1",
        );
        assert_eq!(
            Sample::method(&body).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
