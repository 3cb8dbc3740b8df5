//! Whether stack traces are printed.
//!
//! Clauses: JR-6.1.7.2, AP-1.4.1.

use crate::ask::{own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "log-stack-trace",
    title: words("Stack traces are printed", "打印异常堆栈"),
    purpose: words(
        "A stack trace in the log names classes, files and data of the failing business step.",
        "日志中的堆栈会暴露出错业务步骤的类、文件与数据。",
    ),
    procedure: words(
        "List the calls of the app's own code to printStackTrace without a stream of its own, and \
         Thread.dumpStack.",
        "列出应用自身代码对不带输出流的 printStackTrace 与 Thread.dumpStack 的调用。",
    ),
    criterion: words(
        "The app's own code prints no stack traces.",
        "应用自身代码不打印异常堆栈。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[209, 532],
    maswe: &["MASWE-0005"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        // Exceptions are of any class; with an argument the trace goes elsewhere.
        let traces = facts.code.calls_named("printStackTrace");
        let traces = traces.filter(|call| call.has_receiver() && call.argument(0).is_none());
        let dumps = facts.code.calls_to("java.lang.Thread", "dumpStack");
        let sites = traces.chain(dumps).map(|call| call.site());
        let mut findings = Findings::new();
        findings.doubtful.extend(
            sites
                .filter(|site| own.may_have_written(&site.class))
                .map(|site| Evidence::at(words("a stack trace is printed", "打印异常堆栈"), &site)),
        );
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const/4 v0, 0\n\
                 invoke-virtual {v0}, Ljava/io/IOException;->printStackTrace()V",
            )
        },
        evidence: &["a stack trace is printed at com.bank.Main.run()V @0x0001"],
        good: || {
            Sample::method(
                "const/4 v0, 0\n\
                 invoke-virtual {v0, v0}, Ljava/io/IOException;->printStackTrace(Ljava/io/PrintWriter;)V",
            )
        },
        broken: || {
            Sample::method(
                "const/4 v0, 0\n\
                 invoke-virtual {v0}, Ljava/io/IOException;->printStackTrace()V",
            )
            .damaged("classes.dex")
        },
    },
};
