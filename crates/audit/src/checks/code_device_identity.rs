//! How the app tells devices apart.
//!
//! Clauses: CJ-4.3.2.f.

use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-device-identity",
    title: words(
        "Hardware numbers identify the device",
        "使用硬件标识识别设备",
    ),
    purpose: words(
        "Serial numbers of phones, cards and radios follow a person for years and across apps, and \
         need permissions; the Android ID does neither.",
        "手机、SIM 卡和无线模块的编号可长期跨应用跟踪个人且需要权限；AndroidId 则不然。",
    ),
    procedure: words(
        "Look for calls that read IMEI, MEID, IMSI, serial numbers, phone numbers and MAC \
         addresses, and for the Android ID.",
        "查找读取 IMEI、MEID、IMSI、序列号、手机号码和 MAC 地址的调用，以及 AndroidId。",
    ),
    criterion: words(
        "None of them is read; devices are told apart by the Android ID or an identifier of the \
         app's own.",
        "均不读取；使用 AndroidId 或应用自有标识识别设备。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0068"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const/4 v0, 0\n\
                 invoke-virtual {v0}, Landroid/telephony/TelephonyManager;->getDeviceId()Ljava/lang/String;",
            )
        },
        evidence: &["the IMEI or MEID is read at com.bank.Main.run()V @0x0001 in classes.dex"],
        good: || {
            Sample::method(
                "const/4 v0, 0\nconst-string v1, \"android_id\"\n\
                 invoke-static {v0, v1}, Landroid/provider/Settings$Secure;->getString(Landroid/content/ContentResolver;Ljava/lang/String;)Ljava/lang/String;",
            )
        },
        broken: || Sample::method("nop").damaged("classes.dex"),
    },
};

const TELEPHONY: &str = "android.telephony.TelephonyManager";

const NUMBERS: [(&str, &str, Words); 12] = [
    (
        "androidx.core.telephony.TelephonyManagerCompat",
        "getImei",
        words("the IMEI is read", "读取 IMEI"),
    ),
    (
        TELEPHONY,
        "getDeviceId",
        words("the IMEI or MEID is read", "读取 IMEI 或 MEID"),
    ),
    (TELEPHONY, "getImei", words("the IMEI is read", "读取 IMEI")),
    (TELEPHONY, "getMeid", words("the MEID is read", "读取 MEID")),
    (
        TELEPHONY,
        "getSubscriberId",
        words("the IMSI is read", "读取 IMSI"),
    ),
    (
        TELEPHONY,
        "getSimSerialNumber",
        words("the card's serial number is read", "读取 SIM 卡序列号"),
    ),
    (
        TELEPHONY,
        "getLine1Number",
        words("the phone number is read", "读取手机号码"),
    ),
    (
        "android.os.Build",
        "getSerial",
        words("the serial number is read", "读取设备序列号"),
    ),
    (
        "android.net.wifi.WifiInfo",
        "getMacAddress",
        words("the MAC address is read", "读取 MAC 地址"),
    ),
    (
        "java.net.NetworkInterface",
        "getHardwareAddress",
        words("the MAC address is read", "读取 MAC 地址"),
    ),
    (
        "android.bluetooth.BluetoothAdapter",
        "getAddress",
        words("the Bluetooth address is read", "读取蓝牙地址"),
    ),
    (
        "android.media.MediaDrm",
        "getPropertyByteArray",
        words("the number of the DRM module is read", "读取 DRM 模块标识"),
    ),
];

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    for (class, method, what) in NUMBERS {
        for call in code.calls_to(class, method) {
            // Other properties of the module say nothing about the device.
            let is_number = method != "getPropertyByteArray"
                || call.texts(0).iter().any(|name| name == "deviceUniqueId");
            if is_number && !is_wrapper(&call.method().class().name()) {
                findings.wrong.push(Evidence::at(what, &call.site()));
            }
        }
    }
    for access in code.accesses_to("android.os.Build", "SERIAL") {
        if is_wrapper(&access.method().class().name()) {
            continue;
        }
        let what = words("the serial number is read", "读取设备序列号");
        findings.wrong.push(Evidence::at(what, &access.site()));
    }
    for class in [
        "android.provider.Settings$Secure",
        "android.provider.Settings$System",
    ] {
        for call in code.calls_to(class, "getString") {
            if call.texts(1).iter().any(|name| name == "android_id") {
                let what = words("the Android ID is read", "读取 AndroidId");
                findings.right.push(Evidence::at(what, &call.site()));
            }
        }
    }
    findings.into()
}

/// Whether a class of the support libraries only passes on what its callers ask for.
fn is_wrapper(class: &str) -> bool {
    class.starts_with("androidx.core.") || class.starts_with("android.support.v4.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn only_the_unique_number_of_the_drm_module_counts() {
        let verdict = |name: &str| {
            Sample::method(&format!(
                "const/4 v0, 0\nconst-string v1, \"{name}\"\n\
                 invoke-virtual {{v0, v1}}, Landroid/media/MediaDrm;->getPropertyByteArray(Ljava/lang/String;)[B"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!(verdict("deviceUniqueId"), Verdict::Fail);
        assert_eq!(verdict("vendor"), Verdict::Pass);
    }
}
