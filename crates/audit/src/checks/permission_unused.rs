//! Whether the app asks for dangerous permissions that none of its code uses.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, Code};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "permission-unused",
    title: words(
        "Dangerous permissions without use",
        "申请了未使用的危险权限",
    ),
    purpose: words(
        "A permission that no code needs serves nobody but an attacker, or a library that is added \
         later.",
        "没有代码使用的权限只会服务于攻击者或日后引入的第三方库。",
    ),
    procedure: words(
        "For each dangerous permission look in all code, libraries included, for the calls, \
         addresses and actions that need it.",
        "对每项危险权限，在全部代码（含第三方库）中查找需要它的调用、地址和 action。",
    ),
    criterion: words(
        "Each dangerous permission is used by some code.",
        "每项危险权限都有代码使用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_code("android.permission.READ_CONTACTS"),
        evidence: &[
            "no code uses this permission: android.permission.READ_CONTACTS in AndroidManifest.xml \
             (/manifest/uses-permission)",
        ],
        good: || with_code("android.permission.SEND_SMS"),
        broken: || with_code("android.permission.SEND_SMS").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn with_code(permission: &str) -> Sample {
    Sample::apk(&format!("<uses-permission android:name=\"{permission}\"/><application/>")).smali(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run()V\n.registers 2\n\
         invoke-static {}, Landroid/telephony/SmsManager;->getDefault()Landroid/telephony/SmsManager;\n\
         return-void\n.end method\n",
    )
}

/// What shows that code uses a permission. A class counts if any of its members is named, a method
/// stands as `class.method`, other texts are strings that code loads, or their beginnings.
struct Use {
    permission: &'static str,
    classes: &'static [&'static str],
    methods: &'static [(&'static str, &'static str)],
    texts: &'static [&'static str],
}

const fn of(
    permission: &'static str,
    classes: &'static [&'static str],
    methods: &'static [(&'static str, &'static str)],
    texts: &'static [&'static str],
) -> Use {
    Use {
        permission,
        classes,
        methods,
        texts,
    }
}

const TELEPHONY: &str = "android.telephony.TelephonyManager";
const MEDIA: &[&str] = &["android.provider.MediaStore"];
const CONTACTS: &[&str] = &[
    "android.provider.ContactsContract",
    "android.provider.Contacts",
];
const CALENDAR: &[&str] = &["android.provider.CalendarContract"];
const CALLS: &[&str] = &["android.provider.CallLog"];
const LOCATION: &[&str] = &[
    "android.location.LocationManager",
    "com.google.android.gms.location.FusedLocationProviderClient",
    "com.google.android.gms.location.LocationServices",
    "com.amap.api.location.",
    "com.baidu.location.",
    "com.tencent.map.geolocation.",
];
const LOCATED: &[(&str, &str)] = &[
    (TELEPHONY, "getCellLocation"),
    (TELEPHONY, "getAllCellInfo"),
    ("android.net.wifi.WifiManager", "getScanResults"),
    ("android.net.wifi.WifiManager", "startScan"),
    ("android.bluetooth.BluetoothAdapter", "startDiscovery"),
];
const EXTERNAL: &[(&str, &str)] = &[
    ("android.os.Environment", "getExternalStorageDirectory"),
    (
        "android.os.Environment",
        "getExternalStoragePublicDirectory",
    ),
    (
        "android.app.DownloadManager$Request",
        "setDestinationInExternalPublicDir",
    ),
    ("android.content.Context", "getExternalFilesDir"),
    ("android.content.Context", "getExternalCacheDir"),
];

#[rustfmt::skip]
const USES: &[Use] = &[
    of("CAMERA", &["android.hardware.Camera", "android.hardware.camera2.", "androidx.camera."], &[], &["android.media.action.IMAGE_CAPTURE", "android.media.action.VIDEO_CAPTURE"]),
    of("RECORD_AUDIO", &["android.media.AudioRecord", "android.speech.SpeechRecognizer"], &[("android.media.MediaRecorder", "setAudioSource")], &["android.provider.MediaStore.RECORD_SOUND"]),
    of("ACCESS_FINE_LOCATION", LOCATION, LOCATED, &[]),
    of("ACCESS_COARSE_LOCATION", LOCATION, LOCATED, &[]),
    of("ACCESS_BACKGROUND_LOCATION", LOCATION, LOCATED, &[]),
    of("READ_CONTACTS", CONTACTS, &[], &["content://com.android.contacts", "content://contacts", "content://icc/adn"]),
    of("WRITE_CONTACTS", CONTACTS, &[], &["content://com.android.contacts", "content://contacts"]),
    of("READ_PROFILE", CONTACTS, &[], &["content://com.android.contacts/profile"]),
    of("GET_ACCOUNTS", &["com.google.android.gms.auth.GoogleAuthUtil"], &[("android.accounts.AccountManager", "getAccounts"), ("android.accounts.AccountManager", "getAccountsByType"), ("android.accounts.AccountManager", "getAccountsByTypeAndFeatures")], &[]),
    of("READ_CALENDAR", CALENDAR, &[], &["content://com.android.calendar"]),
    of("WRITE_CALENDAR", CALENDAR, &[], &["content://com.android.calendar"]),
    of("READ_CALL_LOG", CALLS, &[], &["content://call_log"]),
    of("WRITE_CALL_LOG", CALLS, &[], &["content://call_log"]),
    of("CALL_PHONE", &[], &[("android.telecom.TelecomManager", "placeCall")], &["android.intent.action.CALL"]),
    of("READ_PHONE_STATE", &["android.telephony.SubscriptionManager", "android.telephony.PhoneStateListener", "android.telephony.TelephonyCallback"], &[(TELEPHONY, "getDeviceId"), (TELEPHONY, "getImei"), (TELEPHONY, "getMeid"), (TELEPHONY, "getSubscriberId"), (TELEPHONY, "getSimSerialNumber"), (TELEPHONY, "getLine1Number"), (TELEPHONY, "listen"), (TELEPHONY, "getVoiceMailNumber"), (TELEPHONY, "getDeviceSoftwareVersion"), (TELEPHONY, "getDataNetworkType"), ("android.os.Build", "getSerial")], &[]),
    of("READ_PHONE_NUMBERS", &["android.telephony.SubscriptionManager"], &[(TELEPHONY, "getLine1Number")], &[]),
    of("SEND_SMS", &["android.telephony.SmsManager", "android.telephony.gsm.SmsManager"], &[], &[]),
    of("READ_SMS", &["android.provider.Telephony"], &[], &["content://sms", "content://mms"]),
    of("RECEIVE_SMS", &["android.telephony.SmsMessage", "com.google.android.gms.auth.api.phone."], &[], &["android.provider.Telephony.SMS_RECEIVED", "pdus"]),
    of("READ_EXTERNAL_STORAGE", MEDIA, EXTERNAL, &["/sdcard", "/mnt/sdcard", "/storage/"]),
    of("WRITE_EXTERNAL_STORAGE", MEDIA, EXTERNAL, &["/sdcard", "/mnt/sdcard", "/storage/"]),
    of("READ_MEDIA_IMAGES", MEDIA, EXTERNAL, &["content://media", "android.intent.action.MEDIA_SCANNER_SCAN_FILE"]),
    of("READ_MEDIA_VIDEO", MEDIA, EXTERNAL, &["content://media"]),
    of("READ_MEDIA_AUDIO", MEDIA, EXTERNAL, &["content://media"]),
    of("BODY_SENSORS", &["android.hardware.SensorManager"], &[], &[]),
    of("ACTIVITY_RECOGNITION", &["android.hardware.SensorManager", "com.google.android.gms.location.ActivityRecognition"], &[], &[]),
    of("BLUETOOTH_CONNECT", &["android.bluetooth."], &[], &[]),
    of("BLUETOOTH_SCAN", &["android.bluetooth."], &[], &[]),
    of("BLUETOOTH_ADVERTISE", &["android.bluetooth.le."], &[], &[]),
    of("NEARBY_WIFI_DEVICES", &["android.net.wifi."], &[], &[]),
    of("POST_NOTIFICATIONS", &["android.app.NotificationManager", "androidx.core.app.NotificationManagerCompat"], &[], &[]),
];

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    if let Some(absent) = crate::ask::code::absent(facts) {
        return absent;
    }
    let mut findings = Findings::new();
    for manifest in &android.manifests {
        for permission in &manifest.uses_permissions {
            let name = permission.name.strip_prefix("android.permission.");
            let known = USES.iter().find(|known| Some(known.permission) == name);
            let Some(known) = known else {
                continue;
            };
            let at = |what| {
                Evidence::in_xml(what, &manifest.file, &permission.xml_path)
                    .string(&permission.name)
            };
            match is_used(&facts.code, known) {
                true => findings
                    .right
                    .push(at(words("some code uses it", "有代码使用"))),
                false => findings.wrong.push(at(words(
                    "no code uses this permission",
                    "没有代码使用此权限",
                ))),
            }
        }
    }
    findings.into()
}

fn is_used(code: &Code, known: &Use) -> bool {
    let loads = |beginning: &&str| {
        let texts = code.texts_starting(beginning);
        texts.iter().any(|text| text.is_loaded())
    };
    known.classes.iter().any(|class| code.names_type(class))
        || known
            .methods
            .iter()
            .any(|(class, method)| !code.calls_to(class, method).is_empty())
        || known.texts.iter().any(loads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn an_address_is_use_enough() {
        let verdict = |text: &str| {
            Sample::apk(
                "<uses-permission android:name=\"android.permission.READ_SMS\"/><application/>",
            )
            .smali(&format!(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
                 .method public static run()V\n.registers 2\nconst-string v0, \"{text}\"\nreturn-void\n.end method\n"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!(verdict("content://sms/inbox"), Verdict::Pass);
        assert_eq!(verdict("content://other"), Verdict::Fail);
    }

    #[test]
    fn permissions_of_the_platform_s_first_level_are_left_alone() {
        let found = with_code("android.permission.INTERNET").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Pass);
    }
}
