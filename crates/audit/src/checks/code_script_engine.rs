//! Whether values become scripts.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.5.

use crate::ask::{flow, own, webview, without_code};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-script-engine",
    title: words("Values become scripts", "变量成为脚本"),
    purpose: words(
        "An engine runs what it is given, with whatever the app offered to it.",
        "脚本引擎会运行所给内容，并可使用应用提供的全部能力。",
    ),
    procedure: words(
        "Follow what script engines in the package (Rhino, V8, QuickJS, Lua, BeanShell, Groovy), \
         evaluateJavascript and javascript: addresses get.",
        "追踪包内脚本引擎（Rhino、V8、QuickJS、Lua、BeanShell、Groovy）、evaluateJavascript 与 javascript: 地址的内容来源。",
    ),
    criterion: words(
        "Scripts are written down in the package; values are passed as data.",
        "脚本写在包内，变量作为数据传入。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[94, 95],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        let calls = evaluations(code);
        if calls.is_empty() {
            let unused =
                Outcome::NotApplicable(words("no script engine is used", "未使用脚本引擎"));
            return without_code(subject.facts).unwrap_or(unused);
        }
        let mut findings = Findings::new();
        for number in [0, 1] {
            let calls = calls.iter().filter(|(_, script)| *script == number);
            for sink in flow::sinks(calls.map(|(call, _)| *call), &[number]) {
                let Some(script) = sink.value(0) else {
                    continue;
                };
                let site = sink.call.site();
                if let Some(extra) = flow::from_outside(script) {
                    let what = words("another app chooses the script", "脚本由其他应用指定");
                    findings.wrong.push(Evidence::at(what, &site).string(extra));
                } else if flow::is_on_external_storage(script) {
                    let what = words(
                        "a script from external storage runs",
                        "运行外部存储中的脚本",
                    );
                    findings.wrong.push(Evidence::at(what, &site));
                } else if script.parts().len() > 1
                    && has_texts(script)
                    && !own::is_library(&site.class)
                {
                    let what = words("a script is pieced together", "脚本由变量拼接");
                    findings.doubtful.push(Evidence::at(what, &site));
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(&evaluate(
                "invoke-virtual {v0, v1}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
                 move-result-object v1",
            ))
        },
        evidence: &["another app chooses the script: code at com.bank.Main.run()V @0x0007"],
        good: || Sample::method(&evaluate("const-string v1, \"1 + 1\"")),
        broken: || Sample::method(&evaluate("const-string v1, \"1 + 1\"")).damaged("classes.dex"),
    },
};

/// Whether a piece of a script is a text that varies.
fn has_texts(script: &Origin<'_>) -> bool {
    script.parts().iter().any(|part| match part {
        Origin::Result(call) => call.target().return_type() == "java.lang.String",
        Origin::Field(field) => field.type_name() == "java.lang.String",
        Origin::Parameter(_) => true,
        _ => false,
    })
}

/// Calls that run a script, and which argument is the script.
fn evaluations(code: &Code) -> Vec<(Call<'_>, usize)> {
    const ENGINES: [(&str, &str, usize); 10] = [
        ("javax.script.ScriptEngine", "eval", 0),
        ("org.mozilla.javascript.Context", "evaluateString", 1),
        ("com.eclipsesource.v8.V8", "executeScript", 0),
        ("com.eclipsesource.v8.V8", "executeVoidScript", 0),
        ("app.cash.quickjs.QuickJs", "evaluate", 0),
        ("com.whl.quickjs.wrapper.QuickJSContext", "evaluate", 0),
        ("org.luaj.vm2.Globals", "load", 0),
        ("bsh.Interpreter", "eval", 0),
        ("groovy.lang.GroovyShell", "evaluate", 0),
        ("org.liquidplayer.javascript.JSContext", "evaluateScript", 0),
    ];
    let engines = ENGINES.iter().flat_map(|(class, name, number)| {
        let calls = code.calls_to(class, name).into_iter();
        calls.map(|call| (call, *number))
    });
    let pages = webview::view_calls(code, "evaluateJavascript");
    let addresses = webview::view_calls(code, "loadUrl").into_iter();
    let addresses = addresses.filter(|call| {
        call.argument(0).is_some_and(|url| {
            let parts = url.parts();
            let first = parts.first().and_then(Origin::text);
            first.is_some_and(|text| text.starts_with("javascript:"))
        })
    });
    engines
        .chain(pages.into_iter().chain(addresses).map(|call| (call, 0)))
        .collect()
}

#[cfg(test)]
fn evaluate(script: &str) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"code\"\n{script}\n\
         invoke-virtual {{v0, v1, v0}}, Landroid/webkit/WebView;->evaluateJavascript(Ljava/lang/String;Landroid/webkit/ValueCallback;)V\n"
    )
}
