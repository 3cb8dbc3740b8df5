//! Whether the app reads what identifies user or device before anybody could agree to it.
//!
//! Followed are the methods that the system calls when the process starts, of the application and
//! of its providers, and what they call in the package. What other threads and libraries' callbacks
//! do later is not.
//!
//! Clauses: CJ-4.3.1.b, CJ-4.3.6.d, JR-5.5.

use std::collections::{HashSet, VecDeque};

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Code;
use crate::facts::android::ComponentKind;
use crate::facts::code::{Call, Method};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "privacy-collection-at-start",
    title: words("Collecting before consent", "同意前收集信息"),
    purpose: words(
        "What is collected before the user agrees is collected without consent.",
        "用户同意前的收集即为未经同意的收集。",
    ),
    procedure: words(
        "Follow the start of the application and of its providers to calls that read \
         identifiers.",
        "从应用与其提供者的启动方法追踪至读取标识的调用。",
    ),
    criterion: words(
        "None is reached, or a stored consent is looked at before.",
        "未到达此类调用，或之前检查了已存储的同意。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0078"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code, Area::Manifest],
    judge: |subject| {
        let starts = starts(subject);
        if starts.is_empty() {
            return Outcome::NotApplicable(words(
                "no code of the app runs at start",
                "启动时不运行应用代码",
            ));
        }
        let mut findings = Findings::new();
        let reached = Reached::from(starts);
        let asking: HashSet<Method<'_>> = reached
            .methods
            .iter()
            .filter(|(method, _)| looks_at_consent(method))
            .map(|(_, start)| *start)
            .collect();
        for (method, start) in &reached.methods {
            for call in method.calls().filter(collects) {
                let name = call.target().qualified_name();
                let (what, found) = match asking.contains(start) {
                    true => (
                        words(
                            "read at start, where a consent is looked at too",
                            "启动时读取，同处检查了同意",
                        ),
                        &mut findings.doubtful,
                    ),
                    false => (
                        words(
                            "read at start, before anybody could agree",
                            "启动时读取，早于用户同意",
                        ),
                        &mut findings.wrong,
                    ),
                };
                let text = format!("{name} from {}", start.qualified_name());
                found.push(Evidence::at(what, &call.site()).string(text));
            }
        }
        if reached.is_cut {
            findings.doubtful.push(Evidence::new(words(
                "the start leads to more than is followed",
                "启动所及超出追踪范围",
            )));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || app(CALL),
        evidence: &[
            "read at start, before anybody could agree: android.telephony.TelephonyManager.getDeviceId()Ljava/lang/String; from com.bank.App.onCreate()V at \
         com.bank.App.collect(Landroid/telephony/TelephonyManager;)V @0x0000 in classes.dex",
        ],
        good: || app(""),
        broken: || app(CALL).damaged("classes.dex"),
    },
};

/// The methods that the system calls when the process starts: of the application and of the
/// providers that the manifests name.
fn starts<'a>(subject: &Subject<'a>) -> Vec<Method<'a>> {
    let android = subject.facts.android.as_ref();
    let manifests = android.into_iter().flat_map(|android| &android.manifests);
    let applications = manifests.filter_map(|manifest| manifest.application.name.as_deref());
    let providers = android.into_iter().flat_map(Android::components);
    let providers = providers
        .filter(|component| component.kind == ComponentKind::Provider && component.enabled);
    let code = &subject.facts.code;
    let mut starts = Vec::new();
    for (class, methods) in applications
        .map(|name| (name, &["attachBaseContext", "onCreate"][..]))
        .chain(providers.map(|component| (component.name.as_str(), &["onCreate"][..])))
    {
        starts.extend(
            methods
                .iter()
                .filter_map(|method| inherited(code, class, method)),
        );
    }
    starts
}

/// The method as the class has it, from itself or from the nearest class above.
fn inherited<'a>(code: &'a Code, class: &str, method: &str) -> Option<Method<'a>> {
    /// Longest line of ancestors that is followed; cycles end here.
    const ANCESTORS_MAX: usize = 32;
    let first = code.class(class);
    let above = std::iter::successors(first, |class| code.class(&class.superclass()?));
    above
        .take(ANCESTORS_MAX)
        .find_map(|class| class.methods().find(|found| found.name() == method))
}

/// Classes and methods that read what identifies a user or device.
const COLLECTORS: [(&str, &[&str]); 9] = [
    (
        "android.telephony.TelephonyManager",
        &[
            "getDeviceId",
            "getImei",
            "getMeid",
            "getSubscriberId",
            "getSimSerialNumber",
            "getLine1Number",
        ],
    ),
    (
        "android.net.wifi.WifiInfo",
        &["getMacAddress", "getSSID", "getBSSID"],
    ),
    ("java.net.NetworkInterface", &["getHardwareAddress"]),
    (
        "android.content.pm.PackageManager",
        &["getInstalledPackages", "getInstalledApplications"],
    ),
    (
        "android.location.LocationManager",
        &["getLastKnownLocation", "requestLocationUpdates"],
    ),
    ("android.os.Build", &["getSerial"]),
    ("android.content.ClipboardManager", &["getPrimaryClip"]),
    (
        "android.accounts.AccountManager",
        &["getAccounts", "getAccountsByType"],
    ),
    (
        "com.google.android.gms.ads.identifier.AdvertisingIdClient",
        &["getAdvertisingIdInfo"],
    ),
];

fn collects(call: &Call<'_>) -> bool {
    let target = call.target();
    let (class, name) = (target.class_name(), target.name());
    let is_known = COLLECTORS
        .iter()
        .any(|(known, methods)| class == *known && methods.contains(&name.as_ref()));
    is_known
        || class == "android.provider.Settings$Secure"
            && name == "getString"
            && call.texts(1).iter().any(|text| text == "android_id")
}

/// Whether a method reads a stored answer about privacy.
fn looks_at_consent(method: &Method<'_>) -> bool {
    const WORDS: [&str; 6] = ["privacy", "agree", "consent", "protocol", "policy", "隐私"];
    method.calls().any(|call| {
        matches!(
            call.target().name().as_ref(),
            "getBoolean" | "decodeBool" | "getInt" | "getString"
        ) && call.texts(0).iter().any(|key| {
            let key = key.to_lowercase();
            WORDS.iter().any(|word| key.contains(word))
        })
    })
}

/// What the methods that run at start lead to.
struct Reached<'a> {
    /// Each method, with the start that leads to it; of several the first.
    methods: Vec<(Method<'a>, Method<'a>)>,
    /// Whether there was more than could be followed.
    is_cut: bool,
}

impl<'a> Reached<'a> {
    fn from(starts: Vec<Method<'a>>) -> Self {
        /// Calls that are followed one into the other.
        const DEPTH_MAX: usize = 8;
        /// Methods in all; stops starts that lead everywhere.
        const METHODS_MAX: usize = 20_000;
        let mut seen: HashSet<Method<'a>> = starts.iter().copied().collect();
        let mut methods: Vec<_> = starts.iter().map(|start| (*start, *start)).collect();
        let mut next: VecDeque<_> = starts.into_iter().map(|start| (start, start, 0)).collect();
        while let Some((method, start, depth)) = next.pop_front() {
            if depth >= DEPTH_MAX {
                continue;
            }
            for called in method.calls().filter_map(|call| call.target().definition()) {
                if methods.len() >= METHODS_MAX {
                    return Self {
                        methods,
                        is_cut: true,
                    };
                }
                if seen.insert(called) {
                    methods.push((called, start));
                    next.push_back((called, start, depth + 1));
                }
            }
        }
        Self {
            methods,
            is_cut: false,
        }
    }
}

/// Looks up the device's number.
#[cfg(test)]
const CALL: &str = "
    const/4 v0, 0
    invoke-static {v0}, Lcom/bank/App;->collect(Landroid/telephony/TelephonyManager;)V
";

/// An app whose application does this at start.
#[cfg(test)]
fn app(on_create: &str) -> Sample {
    Sample::apk(r#"<application android:name="com.bank.App"/>"#).smali(&format!(
        "
        .class public Lcom/bank/App;
        .super Landroid/app/Application;
        .method public onCreate()V
            .registers 4
            {on_create}
            return-void
        .end method
        .method public static collect(Landroid/telephony/TelephonyManager;)V
            .registers 2
            invoke-virtual {{p0}}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;
            return-void
        .end method
        "
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_stored_consent_makes_it_doubtful() {
        let asks = r#"
            const/4 v0, 0
            const-string v1, "privacy_agreed"
            const/4 v2, 0
            invoke-interface {v0, v1, v2}, Landroid/content/SharedPreferences;->getBoolean(Ljava/lang/String;Z)Z
        "#;
        let finding = app(&format!("{asks}{CALL}")).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }

    #[test]
    fn only_the_application_that_the_manifest_names_runs() {
        let other = app(CALL).file("AndroidManifest.xml", {
            let text = format!(
                r#"<manifest xmlns:android="{}" package="com.bank"><application/></manifest>"#,
                crate::xml::ANDROID_NAMESPACE
            );
            crate::fixture::xml::compile(&text)
        });
        assert_eq!(other.judged_by(&CHECK).verdict, Verdict::NotApplicable);
    }
}
