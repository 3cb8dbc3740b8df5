//! Whether open components use what other apps send them without looking at it.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.4.

use std::collections::{BTreeSet, HashMap};

use crate::ask::components::{is_of_library, open_components, outer_class};
use crate::ask::intents::takes_from_incoming;
use crate::ask::personal::{names_credential, names_person};
use crate::ask::pieces::made_from;
use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::code::Call;
use crate::facts::{Area, Code, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-intent-extras",
    title: words(
        "What other apps send is used unchecked",
        "未检查即使用其他应用传入的参数",
    ),
    purpose: words(
        "Extras of an open component come from anybody. Used as file names, addresses, orders or \
         identities they let any app act for the user.",
        "开放组件收到的参数可来自任何应用；若用作文件名、地址、指令或身份，任何应用便可代替用户行事。",
    ),
    procedure: words(
        "In components that any app reaches, follow what is taken from intents, also through \
         fields and pieces of texts, into files, commands, databases, pages, messages, requests \
         and further intents; look for a test on the way.",
        "在任何应用可触达的组件中，跟踪从 Intent 取出的值（含经由字段和拼接）流向文件、命令、数据库、网页、短信、\
         请求和其他 Intent，并查找途中的检查。",
    ),
    criterion: words(
        "What comes from intents is compared or parsed before it is used in this way.",
        "来自 Intent 的值在使用前经过比较或解析。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[20, 925],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || receiver(""),
        evidence: &[
            "this extra names whom a text message goes to: phone at com.bank.Sms.onReceive(\
             Landroid/content/Context;Landroid/content/Intent;)V @0x0002 in classes.dex",
            "unchecked, it names whom a text message goes to: phone at com.bank.Sms.onReceive(\
             Landroid/content/Context;Landroid/content/Intent;)V @0x000e in classes.dex",
        ],
        good: || {
            receiver(
                "invoke-virtual {v1, v5}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\n\
                 move-result v6\nif-eqz v6, :end\n",
            )
        },
        broken: || receiver("").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn receiver(test: &str) -> Sample {
    Sample::apk(
        "<application><receiver android:name=\".Sms\" android:exported=\"true\"/></application>",
    )
    .smali(&format!(
        ".class public Lcom/bank/Sms;\n.super Landroid/content/BroadcastReceiver;\n\
         .method public onReceive(Landroid/content/Context;Landroid/content/Intent;)V\n\
         .registers 12\n\
         const-string v0, \"phone\"\n\
         invoke-virtual {{p2, v0}}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
         move-result-object v1\n\
         const-string v5, \"balance\"\n{test}\
         invoke-static {{}}, Landroid/telephony/SmsManager;->getDefault()Landroid/telephony/SmsManager;\n\
         move-result-object v0\nconst/4 v2, 0\nconst/4 v4, 0\n\
         invoke-virtual/range {{v0 .. v5}}, Landroid/telephony/SmsManager;->sendTextMessage(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Landroid/app/PendingIntent;Landroid/app/PendingIntent;)V\n\
         :end\nreturn-void\n.end method\n"
    ))
}

/// Where unchecked values do harm.
struct Sink {
    class: &'static str,
    method: &'static str,
    /// Which arguments of the signature.
    arguments: &'static [usize],
    /// What is wrong where the value is taken.
    taken: Words,
    /// What is wrong where it is used.
    used: Words,
}

const fn sink(
    class: &'static str,
    method: &'static str,
    arguments: &'static [usize],
    taken: Words,
    used: Words,
) -> Sink {
    Sink {
        class,
        method,
        arguments,
        taken,
        used,
    }
}

const FILE: (Words, Words) = (
    words("this extra names a file", "此参数决定文件名"),
    words("unchecked, it names a file", "未经检查即用作文件名"),
);
const PAGE: (Words, Words) = (
    words(
        "this extra says which page is shown",
        "此参数决定加载的网页",
    ),
    words(
        "unchecked, it says which page is shown",
        "未经检查即决定加载的网页",
    ),
);
const SQL: (Words, Words) = (
    words(
        "this extra becomes part of a statement to the database",
        "此参数进入数据库语句",
    ),
    words(
        "unchecked, it becomes part of a statement to the database",
        "未经检查即进入数据库语句",
    ),
);
const COMMAND: (Words, Words) = (
    words("this extra becomes a command", "此参数成为系统命令"),
    words("unchecked, it becomes a command", "未经检查即成为系统命令"),
);
const CODE: (Words, Words) = (
    words(
        "this extra says which code is loaded",
        "此参数决定加载的代码",
    ),
    words(
        "unchecked, it says which code is loaded",
        "未经检查即决定加载的代码",
    ),
);
const RECIPIENT: (Words, Words) = (
    words(
        "this extra names whom a text message goes to",
        "此参数决定短信收件人",
    ),
    words(
        "unchecked, it names whom a text message goes to",
        "未经检查即决定短信收件人",
    ),
);
const REQUEST: (Words, Words) = (
    words(
        "this extra becomes part of a request to the server",
        "此参数进入发往服务器的请求",
    ),
    words(
        "unchecked, it becomes part of a request to the server",
        "未经检查即进入发往服务器的请求",
    ),
);
const REDIRECT: (Words, Words) = (
    words(
        "this intent from outside is started as the app's own",
        "外部 Intent 被以本应用身份启动",
    ),
    words(
        "an intent from outside is started as the app's own",
        "以本应用身份启动外部传入的 Intent",
    ),
);

const SINKS: &[Sink] = &[
    sink("java.io.File", "<init>", &[0, 1], FILE.0, FILE.1),
    sink("java.io.FileInputStream", "<init>", &[0], FILE.0, FILE.1),
    sink("java.io.FileOutputStream", "<init>", &[0], FILE.0, FILE.1),
    sink(
        "android.content.Context",
        "openFileOutput",
        &[0],
        FILE.0,
        FILE.1,
    ),
    sink(
        "android.content.Context",
        "openFileInput",
        &[0],
        FILE.0,
        FILE.1,
    ),
    sink("android.webkit.WebView", "loadUrl", &[0], PAGE.0, PAGE.1),
    sink(
        "android.webkit.WebView",
        "loadDataWithBaseURL",
        &[0, 1],
        PAGE.0,
        PAGE.1,
    ),
    sink(
        "android.webkit.WebView",
        "evaluateJavascript",
        &[0],
        PAGE.0,
        PAGE.1,
    ),
    sink(
        "android.database.sqlite.SQLiteDatabase",
        "rawQuery",
        &[0],
        SQL.0,
        SQL.1,
    ),
    sink(
        "android.database.sqlite.SQLiteDatabase",
        "execSQL",
        &[0],
        SQL.0,
        SQL.1,
    ),
    sink("java.lang.Runtime", "exec", &[0], COMMAND.0, COMMAND.1),
    sink(
        "java.lang.ProcessBuilder",
        "<init>",
        &[0],
        COMMAND.0,
        COMMAND.1,
    ),
    sink("java.lang.Class", "forName", &[0], CODE.0, CODE.1),
    sink("java.lang.System", "load", &[0], CODE.0, CODE.1),
    sink(
        "dalvik.system.DexClassLoader",
        "<init>",
        &[0],
        CODE.0,
        CODE.1,
    ),
    sink(
        "android.telephony.SmsManager",
        "sendTextMessage",
        &[0],
        RECIPIENT.0,
        RECIPIENT.1,
    ),
    sink(
        "org.apache.http.message.BasicNameValuePair",
        "<init>",
        &[1],
        REQUEST.0,
        REQUEST.1,
    ),
    sink("java.net.URL", "<init>", &[0], REQUEST.0, REQUEST.1),
    sink(
        "okhttp3.FormBody$Builder",
        "add",
        &[1],
        REQUEST.0,
        REQUEST.1,
    ),
    sink("okhttp3.Request$Builder", "url", &[0], REQUEST.0, REQUEST.1),
    sink("org.json.JSONObject", "put", &[1], REQUEST.0, REQUEST.1),
    sink(
        "android.content.Context",
        "startActivity",
        &[0],
        REDIRECT.0,
        REDIRECT.1,
    ),
    sink(
        "android.content.Context",
        "startService",
        &[0],
        REDIRECT.0,
        REDIRECT.1,
    ),
    sink(
        "android.content.Context",
        "sendBroadcast",
        &[0],
        REDIRECT.0,
        REDIRECT.1,
    ),
];

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let open: BTreeSet<&str> = open_components(android).into_keys().collect();
    if open.is_empty() {
        return Outcome::NotApplicable(words("no component is open", "没有开放的组件"));
    }
    let sources = sources(&facts.code, &open);
    let mut findings = Findings::new();
    if sources.is_empty() {
        return findings.into();
    }
    let mut checked: HashMap<Call<'_>, bool> = HashMap::new();
    for sink in SINKS {
        for call in facts.code.calls_to(sink.class, sink.method) {
            if is_of_library(&call.method().class().name()) {
                continue;
            }
            let arguments = sink
                .arguments
                .iter()
                .filter_map(|number| call.argument(*number));
            let origins: Vec<Origin<'_>> = arguments.flat_map(|value| made_from(&value)).collect();
            for source in taken_from(&origins, &sources) {
                let is_checked = *checked.entry(source).or_insert_with(|| is_checked(&source));
                if !is_checked {
                    let key = key_of(&source);
                    findings
                        .wrong
                        .push(Evidence::at(sink.taken, &source.site()).string(&key));
                    findings
                        .wrong
                        .push(Evidence::at(sink.used, &call.site()).string(&key));
                }
            }
        }
    }
    identities(subject, &sources, &mut findings);
    findings.into()
}

/// What open components take from the intents that they were started with.
fn sources<'a>(code: &'a Code, open: &BTreeSet<&str>) -> Vec<Call<'a>> {
    let intent = "android.content.Intent";
    let names = [
        "getStringExtra",
        "getExtras",
        "getData",
        "getDataString",
        "getParcelableExtra",
        "getSerializableExtra",
        "getBundleExtra",
        "getCharSequenceExtra",
        "getStringArrayExtra",
        "getStringArrayListExtra",
        "getByteArrayExtra",
    ];
    let calls = names.iter().flat_map(|name| code.calls_to(intent, name));
    calls
        .filter(|call| open.contains(outer_class(&call.method().class().name())))
        .filter(takes_from_incoming)
        .collect()
}

/// The sources among what a value is made from.
fn taken_from<'a>(origins: &[Origin<'a>], sources: &[Call<'a>]) -> Vec<Call<'a>> {
    let mut found = Vec::new();
    for origin in origins {
        if let Origin::Result(call) = origin
            && sources.contains(call)
            && !found.contains(call)
        {
            found.push(*call);
        }
    }
    found
}

fn key_of(source: &Call<'_>) -> String {
    let keys = source.texts(0);
    keys.first()
        .map(|key| key.clone().into_owned())
        .unwrap_or_else(|| source.target().name().into_owned())
}

/// Whether the method that takes a value compares it with something, parses it, or hands it to a
/// method of the app that answers yes or no.
fn is_checked(source: &Call<'_>) -> bool {
    const TESTS: [&str; 15] = [
        "equals",
        "equalsIgnoreCase",
        "contentEquals",
        "matches",
        "matcher",
        "startsWith",
        "endsWith",
        "contains",
        "compareTo",
        "parseInt",
        "parseLong",
        "parseDouble",
        "valueOf",
        "isDigitsOnly",
        "checkSignatures",
    ];
    let value = Origin::Result(*source);
    source.method().calls().any(|call| {
        let target = call.target();
        let name = target.name();
        // `String.valueOf` is no parsing.
        let parses = name != "valueOf" || target.class_name() != "java.lang.String";
        let tests = TESTS.contains(&name.as_ref()) && parses
            || target.return_type() == "boolean" && target.definition().is_some();
        let holds = |origin: Origin<'_>| {
            origin == value
                || matches!(&origin, Origin::Field(_) | Origin::OneOf(_))
                    && origin.resolve().contains(&value)
        };
        tests
            && call
                .receiver()
                .into_iter()
                .chain(call.arguments())
                .any(holds)
    })
}

/// Open activities that take an identity, an amount or a credential from outside: whoever starts
/// them says who the user is.
fn identities(subject: &Subject<'_>, sources: &[Call<'_>], findings: &mut Findings) {
    let what = words(
        "who the user is, or what is at stake, is taken from outside, without a test",
        "用户身份或交易内容取自外部且未经检查",
    );
    let launchers: BTreeSet<&str> = subject
        .facts
        .android
        .iter()
        .flat_map(|android| android.components())
        .filter(|component| component.is_launcher())
        .map(|component| component.name.as_str())
        .collect();
    for source in sources {
        let key = key_of(source);
        let class = source.method().class().name();
        let telling = names_person(&key) || names_credential(&key);
        if telling && !launchers.contains(outer_class(&class)) && !is_checked(source) {
            findings
                .wrong
                .push(Evidence::at(what, &source.site()).string(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::{Finding, Verdict};

    /// An activity that keeps an extra in a field, of which a listener makes a file.
    fn kept_in_a_field(activity: &str, key: &str) -> Finding {
        Sample::apk(&format!("<application><activity android:name=\".Show\" {activity}</activity></application>"))
            .smali(&format!(
                ".class public Lcom/bank/Show;\n.super Landroid/app/Activity;\n\
                 .field public name:Ljava/lang/String;\n\
                 .method public onCreate(Landroid/os/Bundle;)V\n.registers 6\n\
                 invoke-virtual {{p0}}, Lcom/bank/Show;->getIntent()Landroid/content/Intent;\n\
                 move-result-object v0\nconst-string v1, \"{key}\"\n\
                 invoke-virtual {{v0, v1}}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
                 move-result-object v2\niput-object v2, p0, Lcom/bank/Show;->name:Ljava/lang/String;\n\
                 return-void\n.end method\n\
                 .class public Lcom/bank/Show$1;\n.super Ljava/lang/Object;\n\
                 .field public this$0:Lcom/bank/Show;\n\
                 .method public onClick(Landroid/view/View;)V\n.registers 6\n\
                 iget-object v0, p0, Lcom/bank/Show$1;->this$0:Lcom/bank/Show;\n\
                 iget-object v1, v0, Lcom/bank/Show;->name:Ljava/lang/String;\n\
                 new-instance v2, Ljava/io/File;\n\
                 invoke-direct {{v2, v1}}, Ljava/io/File;-><init>(Ljava/lang/String;)V\n\
                 return-void\n.end method\n"
            ))
            .judged_by(&CHECK)
    }

    #[test]
    fn fields_and_listeners_are_followed() {
        let found = kept_in_a_field("android:exported=\"true\">", "page");
        let shown: Vec<String> = found.evidence.iter().map(ToString::to_string).collect();
        assert_eq!(found.verdict, Verdict::Fail);
        assert!(
            shown
                .iter()
                .any(|text| text.contains("com.bank.Show$1.onClick")),
            "{shown:#?}"
        );
        assert!(
            shown
                .iter()
                .any(|text| text.contains("com.bank.Show.onCreate")),
            "{shown:#?}"
        );
    }

    #[test]
    fn closed_components_hear_the_app_alone() {
        let found = kept_in_a_field("android:exported=\"false\">", "page");
        assert_eq!(found.verdict, Verdict::NotApplicable);
    }

    #[test]
    fn identities_are_not_taken_from_outside_but_at_the_start() {
        let open = kept_in_a_field("android:exported=\"true\">", "uname");
        let what = "who the user is";
        assert!(
            open.evidence
                .iter()
                .any(|found| found.what().en.starts_with(what))
        );
        let start = "><intent-filter><action android:name=\"android.intent.action.MAIN\"/>\
             <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter>";
        let start = kept_in_a_field(start, "uname");
        assert!(
            !start
                .evidence
                .iter()
                .any(|found| found.what().en.starts_with(what))
        );
    }
}
