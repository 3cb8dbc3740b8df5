//! Whether permissions are asked for that only third-party code uses.
//!
//! Clauses: JR-6.1.3.b.a, CJ-4.3.2.g, CJ-5.7.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts, Site};
use std::collections::BTreeSet;

use crate::check::Subject;
use crate::inventory::{Purpose, inventory, library_of};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-permissions",
    title: words("Permissions that only SDKs use", "仅供 SDK 使用的权限"),
    purpose: words(
        "Users grant permissions to the bank; an SDK that is alone in using them takes what nobody meant for it.",
        "用户将权限授予应用本身，仅被 SDK 使用的权限超出用户预期。",
    ),
    procedure: words(
        "For each dangerous permission find the calls that need it, and whose classes make them.",
        "对每项危险权限，查找需要该权限的调用及其所在类的归属。",
    ),
    criterion: words(
        "Each dangerous permission that SDKs use is used by the app too, or declared with its reason.",
        "SDK 使用的危险权限应用自身也使用，或已声明理由。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250, 359],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<uses-permission android:name=\"android.permission.READ_PHONE_STATE\"/><application/>").smali(".class public Lcom/umeng/commonsdk/Ids;\n.super Ljava/lang/Object;\n.method public static id(Landroid/telephony/TelephonyManager;)V\n.registers 2\ninvoke-virtual {p0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;\nreturn-void\n.end method\n")
        },
        evidence: &[
            "only an SDK uses the permission: android.permission.READ_PHONE_STATE, UMeng Analytics at com.umeng.commonsdk.Ids.id",
        ],
        good: || {
            Sample::apk("<uses-permission android:name=\"android.permission.READ_PHONE_STATE\"/><application/>").smali(".class public Lcom/bank/Ids;\n.super Ljava/lang/Object;\n.method public static id(Landroid/telephony/TelephonyManager;)V\n.registers 2\ninvoke-virtual {p0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;\nreturn-void\n.end method\n")
        },
        broken: || {
            Sample::apk("<uses-permission android:name=\"android.permission.READ_PHONE_STATE\"/><application/>").smali(".class public Lcom/umeng/commonsdk/Ids;\n.super Ljava/lang/Object;\n.method public static id(Landroid/telephony/TelephonyManager;)V\n.registers 2\ninvoke-virtual {p0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let asked: BTreeSet<&str> = android
        .uses_permissions()
        .map(|permission| permission.name.as_str())
        .collect();
    let declared = subject.configuration.declared.permissions.as_ref();
    let mut findings = Findings::new();
    for (permissions, users) in USERS {
        let Some(permission) = permissions.iter().find(|name| asked.contains(*name)) else {
            continue;
        };
        let (mut by_app, mut by_sdks) = (false, Vec::new());
        for site in users.iter().flat_map(|user| user.sites(facts)) {
            match library_of(facts, &site.class) {
                // Wrappers of the platform use it for whoever calls them.
                Some("AndroidX" | "Android Support Library") => {}
                Some(sdk) => by_sdks.push((sdk, site)),
                None => by_app = true,
            }
        }
        let is_declared = declared.is_some_and(|declared| declared.contains_key(*permission));
        for (sdk, site) in by_sdks {
            let text = format!("{permission}, {sdk}");
            let evidence = Evidence::at(ONLY, &site).string(text.as_str());
            if by_app || is_declared {
                findings
                    .right
                    .push(Evidence::at(SHARED, &site).string(text));
            } else if collects(facts, sdk) {
                findings.wrong.push(evidence);
            } else {
                findings.doubtful.push(evidence);
            }
        }
    }
    findings.into()
}

const ONLY: Words = words("only an SDK uses the permission", "仅有 SDK 使用该权限");
const SHARED: Words = words(
    "an SDK uses a permission that the app needs or declares",
    "SDK 使用应用自身需要或已声明的权限",
);

/// What needs a permission.
enum User {
    /// A method of a class.
    Call(&'static str, &'static str),
    /// A field of a class.
    Field(&'static str, &'static str),
}

impl User {
    fn sites(&self, facts: &Facts) -> Vec<Site> {
        match self {
            Self::Call(class, name) => {
                let calls = facts.code.calls_to(class, name).into_iter();
                calls.map(|call| call.site()).collect()
            }
            Self::Field(class, name) => {
                let accesses = facts.code.accesses_to(class, name).into_iter();
                accesses.map(|access| access.site()).collect()
            }
        }
    }
}

/// Permissions, any of which is enough, and what needs them.
const USERS: &[(&[&str], &[User])] = &[
    (
        &[
            "android.permission.READ_PHONE_STATE",
            "android.permission.READ_PRIVILEGED_PHONE_STATE",
        ],
        &[
            User::Call("android.telephony.TelephonyManager", "getDeviceId"),
            User::Call("android.telephony.TelephonyManager", "getImei"),
            User::Call("android.telephony.TelephonyManager", "getSubscriberId"),
            User::Call("android.telephony.TelephonyManager", "getSimSerialNumber"),
            User::Call("android.telephony.TelephonyManager", "getLine1Number"),
            User::Call("android.os.Build", "getSerial"),
        ],
    ),
    (
        &[
            "android.permission.ACCESS_FINE_LOCATION",
            "android.permission.ACCESS_COARSE_LOCATION",
        ],
        &[
            User::Call("android.location.LocationManager", "getLastKnownLocation"),
            User::Call("android.location.LocationManager", "requestLocationUpdates"),
            User::Call("android.telephony.TelephonyManager", "getCellLocation"),
            User::Call("android.telephony.TelephonyManager", "getAllCellInfo"),
            User::Call("android.net.wifi.WifiManager", "getScanResults"),
        ],
    ),
    (
        &["android.permission.READ_CONTACTS"],
        &[
            User::Field("android.provider.ContactsContract$Contacts", "CONTENT_URI"),
            User::Field(
                "android.provider.ContactsContract$CommonDataKinds$Phone",
                "CONTENT_URI",
            ),
        ],
    ),
    (
        &["android.permission.READ_CALL_LOG"],
        &[User::Field("android.provider.CallLog$Calls", "CONTENT_URI")],
    ),
    (
        &["android.permission.SEND_SMS"],
        &[User::Call(
            "android.telephony.SmsManager",
            "sendTextMessage",
        )],
    ),
    (
        &["android.permission.CAMERA"],
        &[
            User::Call("android.hardware.Camera", "open"),
            User::Call("android.hardware.camera2.CameraManager", "openCamera"),
        ],
    ),
    (
        &["android.permission.RECORD_AUDIO"],
        &[
            User::Call("android.media.AudioRecord", "startRecording"),
            User::Call("android.media.MediaRecorder", "setAudioSource"),
        ],
    ),
    (
        &["android.permission.GET_ACCOUNTS"],
        &[
            User::Call("android.accounts.AccountManager", "getAccounts"),
            User::Call("android.accounts.AccountManager", "getAccountsByType"),
        ],
    ),
    (
        &["android.permission.QUERY_ALL_PACKAGES"],
        &[
            User::Call("android.content.pm.PackageManager", "getInstalledPackages"),
            User::Call(
                "android.content.pm.PackageManager",
                "getInstalledApplications",
            ),
        ],
    ),
];

/// Whether an SDK is made to collect data.
fn collects(facts: &Facts, name: &str) -> bool {
    let sdk = inventory(facts).iter().find(|sdk| sdk.name == name);
    matches!(
        sdk.and_then(|sdk| sdk.purpose),
        Some(
            Purpose::Advertising
                | Purpose::Analytics
                | Purpose::Push
                | Purpose::Social
                | Purpose::Malware
        )
    )
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn a_permission_with_a_reason_is_meant() {
        let sample = Sample::apk("<uses-permission android:name=\"android.permission.CAMERA\"/><application/>").smali(
            ".class public Lcom/google/zxing/Scanner;\n.super Ljava/lang/Object;\n\
             .method public static open()V\n.registers 2\n\
             invoke-static {}, Landroid/hardware/Camera;->open()Landroid/hardware/Camera;\nreturn-void\n.end method\n",
        );
        let declared =
            "[declared.permissions]\n\"android.permission.CAMERA\" = \"scans payment codes\"";
        assert_eq!(
            sample.declared(declared).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
