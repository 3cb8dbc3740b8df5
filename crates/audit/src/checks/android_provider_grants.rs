//! Whether a provider can give away all of its data, address by address.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.4.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::{Component, ComponentKind, UriGrant};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-provider-grants",
    title: words(
        "Providers may grant access to everything",
        "内容提供者可授权访问全部数据",
    ),
    purpose: words(
        "An app that makes the client pass on an address of its provider gets what that address \
         stands for; the grants bound what that can be.",
        "若诱使客户端转交其内容提供者的地址，对方即可取得该地址的内容；授权范围决定能取得什么。",
    ),
    procedure: words(
        "Read grantUriPermissions and the paths of grant-uri-permission of every provider that is \
         not a FileProvider, whose paths bound it instead.",
        "读取每个内容提供者的 grantUriPermissions 与 grant-uri-permission 路径；FileProvider 由其路径配置约束。",
    ),
    criterion: words(
        "Grants are limited to paths that are meant to be shared.",
        "授权仅限于需要共享的路径。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[732],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || grant("android:pathPrefix=\"/\""),
        evidence: &[
            "access to every address may be granted: pathPrefix / at com.bank.Files in \
             AndroidManifest.xml (/manifest/application/provider)",
        ],
        good: || grant("android:pathPrefix=\"/shared/\""),
        broken: || grant("android:pathPrefix=\"/\"").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn grant(path: &str) -> Sample {
    Sample::apk(&format!(
        "<application><provider android:name=\".Files\" android:exported=\"false\">\
         <grant-uri-permission {path}/></provider></application>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let providers = android
        .components()
        .filter(|component| component.kind == ComponentKind::Provider)
        .filter(|component| component.grant_uri_permissions || !component.uri_grants.is_empty());
    let mut findings = Findings::new();
    let mut any = false;
    for provider in providers {
        any = true;
        let at =
            |what| Evidence::in_xml(what, &provider.file, &provider.xml_path).class(&provider.name);
        if is_file_provider(provider) {
            let bounded = words("its paths bound what it grants", "其路径配置约束授权范围");
            findings.right.push(at(bounded));
            continue;
        }
        let all = provider.uri_grants.iter().find(|grant| covers_all(grant));
        if let Some(grant) = all {
            let what = words(
                "access to every address may be granted",
                "可授权访问任意地址",
            );
            findings
                .wrong
                .push(at(what).string(format!("{} {}", grant.kind, grant.path)));
        } else if provider.grant_uri_permissions {
            // The attribute outweighs the paths.
            findings.doubtful.push(at(words(
                "android:grantUriPermissions is true: access to every address may be granted",
                "android:grantUriPermissions 为 true：可授权访问任意地址",
            )));
        } else {
            let bounded = words("grants are limited to paths", "授权仅限于指定路径");
            findings.right.push(at(bounded));
        }
    }
    match any {
        true => findings.into(),
        false => {
            Outcome::NotApplicable(words("no provider grants access", "没有内容提供者授予访问"))
        }
    }
}

fn is_file_provider(provider: &Component) -> bool {
    provider.name.ends_with(".FileProvider")
        || provider
            .meta_data
            .iter()
            .any(|data| data.name.ends_with(".FILE_PROVIDER_PATHS"))
}

fn covers_all(grant: &UriGrant) -> bool {
    match grant.kind.as_str() {
        "pathPrefix" => matches!(grant.path.as_str(), "" | "/"),
        "pathPattern" | "pathAdvancedPattern" => {
            matches!(grant.path.as_str(), ".*" | "/.*" | "*" | "/*")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn file_providers_are_bounded_elsewhere() {
        let verdict = |name: &str| {
            Sample::apk(&format!(
                "<application><provider android:name=\"{name}\" android:grantUriPermissions=\"true\"/></application>"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!(verdict("androidx.core.content.FileProvider"), Verdict::Pass);
        assert_eq!(verdict(".Files"), Verdict::Partial);
    }
}
