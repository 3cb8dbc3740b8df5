//! Whether the app sends requests to addresses without encryption.
//!
//! Clauses: JR-6.1.8.a, JR-6.1.5.2.a, CJ-6.4.3.e, JR-6.1.4.d, AP-5.1, JR-6.1.8.b, CJ-4.3.3.a.

use std::collections::BTreeSet;

use crate::ask::components::is_of_library;
use crate::ask::personal::names_credential;
use crate::ask::pieces::made_from;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::code::{Call, Method};
use crate::facts::{Area, Code, Facts, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-cleartext-address",
    title: words("Requests without encryption", "以明文发送请求"),
    purpose: words(
        "Whoever is on the way reads the passwords and orders in such a request, and answers it as \
         he likes.",
        "途中任何人都能读取此类请求中的口令和指令，并任意伪造应答。",
    ),
    procedure: words(
        "Follow texts that begin with http:// through fields and pieces of texts into the calls \
         that make requests; note where they stand, and whether a password goes with the request.",
        "跟踪以 http:// 开头的文本经字段和拼接进入发起请求的调用；记录其位置以及请求是否携带口令。",
    ),
    criterion: words(
        "No request goes to an http address, but to the device itself.",
        "除本机外，没有请求发往 http 地址。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319, 523],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || request("http://bank.example/login"),
        evidence: &[
            "a request without encryption, and a password with it: http://bank.example/login at \
             com.bank.Main.run()V @0x0004 in classes.dex",
            "the address stands here: http://bank.example/login at com.bank.Main.run()V @0x0000 in classes.dex",
        ],
        good: || request("https://bank.example/login"),
        broken: || request("http://bank.example/login").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn request(address: &str) -> Sample {
    Sample::method(&format!(
        "const-string v0, \"{address}\"\nnew-instance v1, Ljava/net/URL;\n\
         invoke-direct {{v1, v0}}, Ljava/net/URL;-><init>(Ljava/lang/String;)V\n\
         const-string v2, \"password\""
    ))
}

/// Calls that make a request, and which argument is the address.
const REQUESTS: [(&str, &str, usize); 14] = [
    ("java.net.URL", "<init>", 0),
    ("org.apache.http.client.methods.HttpPost", "<init>", 0),
    ("org.apache.http.client.methods.HttpGet", "<init>", 0),
    ("org.apache.http.client.methods.HttpPut", "<init>", 0),
    ("okhttp3.Request$Builder", "url", 0),
    ("okhttp3.HttpUrl", "parse", 0),
    ("okhttp3.HttpUrl", "get", 0),
    ("retrofit2.Retrofit$Builder", "baseUrl", 0),
    ("com.android.volley.toolbox.StringRequest", "<init>", 1),
    ("com.android.volley.toolbox.JsonObjectRequest", "<init>", 1),
    ("android.webkit.WebView", "loadUrl", 0),
    ("android.webkit.WebView", "postUrl", 0),
    ("android.app.DownloadManager$Request", "<init>", 0),
    (
        "org.springframework.web.client.RestTemplate",
        "postForObject",
        0,
    ),
];

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let mut bases: BTreeSet<(String, String)> = BTreeSet::new();
    for (class, method, argument) in REQUESTS {
        for call in code.calls_to(class, method) {
            let caller = call.method().class();
            if is_of_library(&caller.name()) {
                continue;
            }
            for address in addresses(subject.facts, &call, argument) {
                let what = match sends_credential(&call.method()) {
                    true => words(
                        "a request without encryption, and a password with it",
                        "明文请求，且携带口令",
                    ),
                    false => words("a request without encryption", "明文请求"),
                };
                findings
                    .wrong
                    .push(Evidence::at(what, &call.site()).string(&address));
                bases.insert((caller.package().into_owned(), address));
            }
        }
    }
    findings.wrong.extend(places(code, &bases));
    findings.into()
}

/// The http addresses, or their beginnings, that an argument is made from, also those that stand
/// in resources.
fn addresses(facts: &Facts, call: &Call<'_>, argument: usize) -> BTreeSet<String> {
    let Some(value) = call.argument(argument) else {
        return BTreeSet::new();
    };
    made_from(&value)
        .iter()
        .filter_map(|origin| match origin {
            Origin::Result(call) => resource_text(facts, call),
            origin => origin.text().map(|text| text.into_owned()),
        })
        .filter(|text| text.starts_with("http://") && !is_harmless(text))
        .collect()
}

/// The text that `getString(R.string.…)` returns.
fn resource_text(facts: &Facts, call: &Call<'_>) -> Option<String> {
    if !matches!(call.target().name().as_ref(), "getString" | "getText") {
        return None;
    }
    let id = call
        .argument(0)?
        .int()
        .and_then(|id| u32::try_from(id).ok())?;
    let table = facts.android.as_ref()?.resources.as_ref()?;
    table.resource(id)?.text()
}

/// Where the addresses that requests are made to are written down, in the packages that make the
/// requests.
fn places(code: &Code, bases: &BTreeSet<(String, String)>) -> Vec<Evidence> {
    let what = words("the address stands here", "地址写在此处");
    let mut found = Vec::new();
    for (package, address) in bases {
        for text in code.uses_of_text(address) {
            if text.method().class().package() == package.as_str() {
                found.push(Evidence::at(what, &text.site()).string(address));
            }
        }
    }
    found
}

/// Whether a method that makes a request names a password in it.
fn sends_credential(method: &Method<'_>) -> bool {
    method.texts().any(|text| names_credential(&text.value()))
}

/// Addresses that nobody else hears, and names that only look like addresses.
fn is_harmless(address: &str) -> bool {
    const HARMLESS: [&str; 11] = [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "schemas.android.com",
        "schemas.xmlsoap.org",
        "www.w3.org",
        "xmlpull.org",
        "xml.org",
        "xml.apache.org",
        "java.sun.com",
        "ns.adobe.com",
    ];
    let rest = address.strip_prefix("http://").unwrap_or(address);
    HARMLESS.iter().any(|host| {
        rest.strip_prefix(host)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn names_and_the_device_itself_are_no_addresses() {
        for address in [
            "http://localhost:8080/x",
            "http://schemas.android.com/apk/res/android",
        ] {
            assert_eq!(
                request(address).judged_by(&CHECK).verdict,
                Verdict::Pass,
                "{address}"
            );
        }
        let evil = "http://localhost.attacker.example/";
        assert_eq!(request(evil).judged_by(&CHECK).verdict, Verdict::Fail);
    }

    #[test]
    fn addresses_in_resources_and_pieces_count() {
        let mut table = crate::fixture::table::Table::default();
        let id = table.add("string", "base", "http://bank.example/");
        let body = format!(
            "const/4 v0, 0\nconst v1, {id}\n\
             invoke-virtual {{v0, v1}}, Landroid/content/Context;->getString(I)Ljava/lang/String;\n\
             move-result-object v2\nconst-string v3, \"login\"\n\
             invoke-virtual {{v2, v3}}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v4\nnew-instance v5, Ljava/net/URL;\n\
             invoke-direct {{v5, v4}}, Ljava/net/URL;-><init>(Ljava/lang/String;)V"
        );
        let found = Sample::method(&body)
            .file("resources.arsc", table.build())
            .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
        assert_eq!(
            found.evidence[0].string.as_deref(),
            Some("http://bank.example/")
        );
    }

    #[test]
    fn a_text_that_reaches_no_request_is_no_request() {
        let found = Sample::method("const-string v0, \"http://bank.example\"").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Pass);
    }
}
