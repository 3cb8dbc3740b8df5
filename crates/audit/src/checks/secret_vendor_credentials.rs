//! Whether secrets that platforms give to servers are in the app: AppSecret of WeChat, Alipay, push and cloud services.
//!
//! Clauses: AP-1.2.2, AN-4.

use crate::ask::named::{is_value, named};
use crate::ask::traces::{Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-vendor-credentials",
    title: words(
        "AppSecret of platforms in the app",
        "应用内含平台 AppSecret",
    ),
    purpose: words(
        "With an AppSecret anybody acts as the app towards the platform: signs in its users, sends its pushes, spends its quota.",
        "持有 AppSecret 即可冒充应用登录用户、发送推送、消耗配额。",
    ),
    procedure: words(
        "Follow the constants that reach the set-up of well-known SDKs, look for settings named so, and for requests that need the secret.",
        "追踪传入知名 SDK 初始化的常量，查找同名配置以及需要该密钥的请求。",
    ),
    criterion: words(
        "Secrets of platforms stay on servers.",
        "平台密钥仅保存在服务器。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[798],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code, Area::Manifest, Area::Resources, Area::Text],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"wx1234567890abcdef\"\nconst-string v1, \"0a1b2c3d4e5f60718293a4b5c6d7e8f9\"\ninvoke-static {v0, v1}, Lcom/umeng/socialize/PlatformConfig;->setWeixin(Ljava/lang/String;Ljava/lang/String;)V",
            )
        },
        evidence: &[
            "the AppSecret of WeChat: 0a1b2c3d4e5f60718293a4b5c6d7e8f9 at com.bank.Main.run()V @0x0004",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"wx1234567890abcdef\"\nconst-string v1, \"\"\ninvoke-static {v0, v1}, Lcom/umeng/socialize/PlatformConfig;->setWeixin(Ljava/lang/String;Ljava/lang/String;)V",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"wx1234567890abcdef\"\nconst-string v1, \"0a1b2c3d4e5f60718293a4b5c6d7e8f9\"\ninvoke-static {v0, v1}, Lcom/umeng/socialize/PlatformConfig;->setWeixin(Ljava/lang/String;Ljava/lang/String;)V").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let mut findings = Findings::new();
    for (class, method, argument, what) in SETUPS {
        for call in code.calls_to(class, method) {
            if library_of(facts, &call.site().class).is_some() {
                continue;
            }
            let secrets = call.texts(*argument).into_iter();
            for secret in secrets.filter(|secret| secret.len() >= 8) {
                findings
                    .wrong
                    .push(Evidence::at(*what, &call.site()).secret(secret));
            }
        }
    }
    for named in named(facts, is_vendor_secret) {
        if is_value(&named.name, &named.value) {
            let evidence = named.place.saying(SETTING);
            findings
                .wrong
                .push(evidence.secret(format!("{}={}", named.name, named.value)));
        }
    }
    for trace in traces(facts).of(|kind| *kind == Kind::SecretRequest) {
        if trace.library.is_none() {
            findings.wrong.extend(trace.evidence(REQUEST));
        }
    }
    findings.into()
}

const WECHAT: Words = words("the AppSecret of WeChat", "微信 AppSecret");
const QQ: Words = words("the AppKey of QQ", "QQ AppKey");
const WEIBO: Words = words("the AppSecret of Weibo", "微博 AppSecret");
const PUSH: Words = words("the secret of a push service", "推送服务密钥");
const CLOUD: Words = words("the secret key of a cloud service", "云服务密钥");
const SETTING: Words = words(
    "a setting named for a secret of a platform",
    "名称为平台密钥的配置",
);
const REQUEST: Words = words(
    "a request that needs the AppSecret",
    "需要 AppSecret 的请求",
);

/// Class, method and argument that takes a secret.
const SETUPS: &[(&str, &str, usize, Words)] = &[
    ("com.umeng.socialize.PlatformConfig", "setWeixin", 1, WECHAT),
    ("com.umeng.socialize.PlatformConfig", "setQQZone", 1, QQ),
    (
        "com.umeng.socialize.PlatformConfig",
        "setSinaWeibo",
        1,
        WEIBO,
    ),
    ("com.umeng.commonsdk.UMConfigure", "init", 4, PUSH),
    ("com.heytap.msp.push.HeytapPushManager", "register", 2, PUSH),
    ("com.coloros.mcssdk.PushManager", "register", 2, PUSH),
    (
        "com.alibaba.sdk.android.oss.common.auth.OSSPlainTextAKSKCredentialProvider",
        "<init>",
        1,
        CLOUD,
    ),
    (
        "com.tencent.qcloud.core.auth.ShortTimeCredentialProvider",
        "<init>",
        1,
        CLOUD,
    ),
    ("com.amazonaws.auth.BasicAWSCredentials", "<init>", 1, CLOUD),
    ("com.qiniu.util.Auth", "create", 1, CLOUD),
];

/// Names of settings, of whatever spelling.
fn is_vendor_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    [
        "appsecret",
        "wxsecret",
        "wechatsecret",
        "weixinsecret",
        "alipayprivatekey",
        "rsaprivate",
        "mastersecret",
        "umengmessagesecret",
        "accesskeysecret",
        "oppoappsecret",
        "pushsecret",
    ]
    .iter()
    .any(|part| plain.contains(part))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn settings_of_the_manifest_count() {
        let manifest = "<application><meta-data android:name=\"UMENG_MESSAGE_SECRET\" android:value=\"5f3a9b7c1d2e4f60\"/></application>";
        let finding = Sample::apk(manifest).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        let key = manifest.replace("MESSAGE_SECRET", "APPKEY");
        assert_eq!(Sample::apk(&key).judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
