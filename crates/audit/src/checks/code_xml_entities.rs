//! Whether XML documents can name files and hosts.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{own::is_library, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::{Call, Code};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-xml-entities",
    title: words("External entities in XML", "XML 外部实体"),
    purpose: words(
        "A document with external entities reads files of the app and calls hosts of the attacker.",
        "含外部实体的文档可读取应用文件并访问攻击者主机。",
    ),
    procedure: words(
        "Look for features that switch external entities or document types on, and for parsers in \
         the package that resolve them by default. Those of Android do not.",
        "查找启用外部实体或文档类型的特性，以及包内默认解析外部实体的解析器；Android 自带解析器默认不解析。",
    ),
    criterion: words(
        "No parser resolves external entities.",
        "没有解析器解析外部实体。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[611],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        findings.wrong.extend(switched_on(code));
        let is_refused = code.calls_named("setFeature").any(|call| {
            let refuses = |text: &str| text.ends_with("disallow-doctype-decl");
            call.texts(0).iter().any(|text| refuses(text)) && call.ints(1) == [1]
        });
        for (class, name) in RESOLVING {
            for call in code.calls_to(class, name) {
                let outside = !is_library(&call.method().class().name());
                if outside && !is_refused {
                    let what = words("a parser that resolves entities", "默认解析实体的解析器");
                    findings
                        .doubtful
                        .push(Evidence::at(what, &call.site()).string(*class));
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&feature(1)),
        evidence: &[
            "external entities are switched on: http://xml.org/sax/features/external-general-entities at com.bank.Main.run()V",
        ],
        good: || Sample::method(&feature(0)),
        broken: || Sample::method(&feature(1)).damaged("classes.dex"),
    },
};

/// Parsers that apps bring along.
const RESOLVING: &[(&str, &str)] = &[
    (
        "org.apache.xerces.jaxp.DocumentBuilderFactoryImpl",
        "<init>",
    ),
    ("org.apache.xerces.jaxp.SAXParserFactoryImpl", "<init>"),
    ("org.apache.xerces.parsers.DOMParser", "<init>"),
    ("org.dom4j.io.SAXReader", "<init>"),
    ("org.jdom.input.SAXBuilder", "<init>"),
    ("org.jdom2.input.SAXBuilder", "<init>"),
    ("com.ctc.wstx.stax.WstxInputFactory", "<init>"),
];

fn switched_on(code: &Code) -> Vec<Evidence> {
    let what = words("external entities are switched on", "启用外部实体");
    let features = code
        .calls_named("setFeature")
        .filter(|call| call.ints(1) == [1] && !is_library(&call.method().class().name()))
        .filter_map(|call| Some((entities(&call)?, call)));
    features
        .map(|(name, call)| Evidence::at(what, &call.site()).string(name))
        .collect()
}

/// The name of a feature that lets documents name files and hosts.
fn entities(call: &Call<'_>) -> Option<String> {
    const ENDS: [&str; 4] = [
        "external-general-entities",
        "external-parameter-entities",
        "load-external-dtd",
        "process-docdecl",
    ];
    let mut names = call.texts(0).into_iter();
    let found = names.find(|name| ENDS.iter().any(|end| name.ends_with(end)))?;
    Some(found.into_owned())
}

#[cfg(test)]
fn feature(on: u8) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"http://xml.org/sax/features/external-general-entities\"\n\
         const/4 v2, {on}\n\
         invoke-virtual {{v0, v1, v2}}, Ljavax/xml/parsers/DocumentBuilderFactory;->setFeature(Ljava/lang/String;Z)V\n"
    )
}
