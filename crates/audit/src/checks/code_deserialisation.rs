//! Whether objects are made from bytes that others wrote.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::own::{Own, is_library};
use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Android, Area, Facts, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-deserialisation",
    title: words("Objects from untrusted bytes", "不安全的反序列化"),
    purpose: words(
        "Bytes that choose which classes are made run the code of those classes.",
        "能决定创建哪些类的字节，可运行这些类中的代码。",
    ),
    procedure: words(
        "Look for ObjectInputStream on data of other apps and external storage, for \
         getSerializableExtra in exported components, and for libraries told to make any class: \
         fastjson autotype, Jackson default typing, XStream.",
        "查找对外部数据使用的 ObjectInputStream、导出组件中的 getSerializableExtra，以及允许创建任意类的库配置（fastjson autotype、Jackson 默认类型、XStream）。",
    ),
    criterion: words(
        "No bytes from outside choose classes.",
        "外部字节不能决定创建的类。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[502],
    maswe: &["MASWE-0050"],
    mastg: &["MASTG-TEST-0034"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        let code = &facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        let library = |(what, call): (Words, Call<'_>)| Evidence::at(what, &call.site());
        findings
            .wrong
            .extend(any_class(code).into_iter().map(library));
        let own = Own::of(facts);
        for call in code.calls_to("java.io.ObjectInputStream", "<init>") {
            let site = call.site();
            let source = call.argument(0);
            let from_others = source.as_ref().is_some_and(|source| {
                flow::is_on_external_storage(source) || comes_from_outside(source)
            });
            if from_others {
                let what = words(
                    "objects are read from what others write",
                    "从他人可写处读取对象",
                );
                findings.wrong.push(Evidence::at(what, &site));
            } else if own.wrote(&site.class) {
                let what = words("objects are read from a stream", "从流中读取对象");
                findings.doubtful.push(Evidence::at(what, &site));
            }
        }
        findings.doubtful.extend(serializable_extras(facts));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&autotype(1)),
        evidence: &["fastjson makes any class at com.bank.Main.run()V @0x0002"],
        good: || Sample::method(&autotype(0)),
        broken: || Sample::method(&autotype(1)).damaged("classes.dex"),
    },
};

/// Calls that permit a library to make any class.
fn any_class(code: &Code) -> Vec<(Words, Call<'_>)> {
    let fastjson = words("fastjson makes any class", "fastjson 可创建任意类");
    let jackson = words("Jackson makes any class", "Jackson 可创建任意类");
    let config = "com.alibaba.fastjson.parser.ParserConfig";
    let autotype = code.calls_to(config, "setAutoTypeSupport").into_iter();
    let autotype = autotype.filter(|call| call.ints(0).contains(&1));
    let typing = ["enableDefaultTyping", "activateDefaultTyping"];
    let typing = flow::calls_to_any(code, "com.fasterxml.jackson.databind.ObjectMapper", &typing);
    let stream = code.calls_to("com.thoughtworks.xstream.XStream", "fromXML");
    autotype
        .map(|call| (fastjson, call))
        .chain(typing.into_iter().map(|call| (jackson, call)))
        .chain(stream.into_iter().map(|call| {
            (
                words("XStream makes any class", "XStream 可创建任意类"),
                call,
            )
        }))
        .filter(|(_, call)| !is_library(&call.method().class().name()))
        .collect()
}

/// Whether a stream is of bytes that another app or host gave.
fn comes_from_outside(stream: &Origin<'_>) -> bool {
    let Origin::New(object) = stream else {
        return is_network(stream);
    };
    let arguments = object
        .constructor()
        .into_iter()
        .flat_map(|call| call.arguments());
    let arguments: Vec<_> = arguments.collect();
    arguments
        .iter()
        .any(|argument| flow::from_outside(argument).is_some() || is_network(argument))
}

fn is_network(stream: &Origin<'_>) -> bool {
    matches!(stream, Origin::Result(call)
        if call.target().name() == "getInputStream"
            && matches!(call.target().class_name().as_ref(),
                "java.net.Socket" | "java.net.URLConnection" | "java.net.HttpURLConnection"
                    | "javax.net.ssl.HttpsURLConnection"))
}

/// Objects that exported components take from the intents of other apps.
fn serializable_extras(facts: &Facts) -> Vec<Evidence> {
    let calls = facts
        .code
        .calls_to("android.content.Intent", "getSerializableExtra");
    let components = || facts.android.iter().flat_map(Android::components);
    let is_exported =
        |class: &str| components().any(|component| component.exported && component.name == class);
    calls
        .into_iter()
        .filter(|call| is_exported(&call.method().class().name()))
        .map(|call| {
            let what = words("another app sends an object", "其他应用可传入对象");
            let key = call.texts(0).into_iter().next().unwrap_or_default();
            Evidence::at(what, &call.site()).string(key)
        })
        .collect()
}

#[cfg(test)]
fn autotype(on: u8) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v1, {on}\n\
         invoke-virtual {{v0, v1}}, Lcom/alibaba/fastjson/parser/ParserConfig;->setAutoTypeSupport(Z)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn streams_from_the_network_are_found() {
        let body = "const/4 v0, 0\n\
             invoke-virtual {v0}, Ljava/net/Socket;->getInputStream()Ljava/io/InputStream;\n\
             move-result-object v1\nnew-instance v2, Ljava/io/ObjectInputStream;\n\
             invoke-direct {v2, v1}, Ljava/io/ObjectInputStream;-><init>(Ljava/io/InputStream;)V\n";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
