//! Whether pages load although their certificate is wrong.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.8.a, CJ-4.3.3.a.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-webview-tls-errors",
    title: words("TLS errors of pages are ignored", "忽略网页 TLS 错误"),
    purpose: words(
        "A page with a wrong certificate is whoever wants to be the bank: it takes passwords and runs scripts in the app.",
        "证书错误的页面可能是冒充者，会骗取口令并在应用内执行脚本。",
    ),
    procedure: words(
        "Look at every call of SslErrorHandler.proceed, and whether anything is asked before it.",
        "检查每处 SslErrorHandler.proceed 调用及其之前是否有判断。",
    ),
    criterion: words(
        "onReceivedSslError cancels, or is not overridden.",
        "onReceivedSslError 取消加载，或未被覆盖。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0027"],
    mastg: &["MASTG-TEST-0284"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Pages;\n.super Landroid/webkit/WebViewClient;\n.method public onReceivedSslError(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V\n.registers 5\ninvoke-virtual {p2}, Landroid/webkit/SslErrorHandler;->proceed()V\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "the page is loaded although its certificate is wrong at com.bank.Pages.onReceivedSslError",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Pages;\n.super Landroid/webkit/WebViewClient;\n.method public onReceivedSslError(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V\n.registers 5\ninvoke-virtual {p2}, Landroid/webkit/SslErrorHandler;->cancel()V\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Pages;\n.super Landroid/webkit/WebViewClient;\n.method public onReceivedSslError(Landroid/webkit/WebView;Landroid/webkit/SslErrorHandler;Landroid/net/http/SslError;)V\n.registers 5\ninvoke-virtual {p2}, Landroid/webkit/SslErrorHandler;->proceed()V\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let clients = code.overrides_of("android.webkit.WebViewClient", "onReceivedSslError");
    let proceeds = code.calls_to("android.webkit.SslErrorHandler", "proceed");
    let mut findings = Findings::new();
    for call in proceeds {
        let method = call.method();
        let site = call.site();
        let cancels = method
            .calls()
            .any(|other| other.target().name() == "cancel");
        let is_callback = method.name() == "onReceivedSslError";
        if is_callback && !cancels {
            findings.wrong.push(Evidence::at(IGNORED, &site));
        } else if is_callback {
            findings.doubtful.push(Evidence::at(DECIDED, &site));
        } else {
            findings.doubtful.push(Evidence::at(ASKED, &site));
        }
    }
    for method in clients {
        let cancels = method.calls().find(|call| call.target().name() == "cancel");
        if let Some(call) = cancels {
            findings.right.push(Evidence::at(CANCELLED, &call.site()));
        }
    }
    if code.calls_into("android.webkit").is_empty() && findings == Findings::new() {
        return Outcome::NotApplicable(words("no pages are shown", "未使用网页视图"));
    }
    findings.into()
}

const IGNORED: Words = words(
    "the page is loaded although its certificate is wrong",
    "证书错误仍继续加载页面",
);
const DECIDED: Words = words(
    "the app decides whether a wrong certificate matters",
    "由应用判断是否忽略证书错误",
);
const ASKED: Words = words(
    "a page with a wrong certificate is loaded from elsewhere, perhaps after asking the user",
    "在其他位置继续加载证书错误的页面，可能已询问用户",
);
const CANCELLED: Words = words("loading is cancelled", "取消加载");
