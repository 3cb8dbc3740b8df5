//! Secrets that their format gives away.

use crate::ask::named::{is_mixed, is_value};
use crate::check::{Words, words};

use super::Kind;

/// A known format of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// What it is.
    pub(crate) name: Words,
    /// Whether it is public by design, and protects only if it is restricted elsewhere.
    pub(crate) public: bool,
}

/// How a secret starts, and what follows.
struct Rule {
    /// What it starts with.
    anchor: &'static str,
    /// Bytes that can follow.
    body: fn(u8) -> bool,
    /// How many of them, at least and at most.
    length: (usize, usize),
    format: Format,
}

const fn secret(en: &'static str, zh: &'static str) -> Format {
    Format {
        name: words(en, zh),
        public: false,
    }
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn token(byte: u8) -> bool {
    url_safe(byte) || byte == b'.'
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { anchor: "AKIA", body: upper, length: (16, 16), format: secret("an access key of AWS", "AWS 访问密钥") },
    Rule { anchor: "ASIA", body: upper, length: (16, 16), format: secret("a temporary access key of AWS", "AWS 临时访问密钥") },
    Rule { anchor: "LTAI", body: alphanumeric, length: (12, 26), format: secret("an access key of Alibaba Cloud", "阿里云 AccessKey") },
    Rule { anchor: "AKID", body: alphanumeric, length: (28, 44), format: secret("a secret id of Tencent Cloud", "腾讯云 SecretId") },
    Rule { anchor: "AKLT", body: url_safe, length: (40, 60), format: secret("an access key of Volcengine", "火山引擎 AccessKey") },
    Rule { anchor: "ghp_", body: alphanumeric, length: (36, 40), format: secret("a token of GitHub", "GitHub 令牌") },
    Rule { anchor: "gho_", body: alphanumeric, length: (36, 40), format: secret("a token of GitHub", "GitHub 令牌") },
    Rule { anchor: "ghs_", body: alphanumeric, length: (36, 40), format: secret("a token of GitHub", "GitHub 令牌") },
    Rule { anchor: "github_pat_", body: url_safe, length: (60, 100), format: secret("a token of GitHub", "GitHub 令牌") },
    Rule { anchor: "glpat-", body: url_safe, length: (20, 40), format: secret("a token of GitLab", "GitLab 令牌") },
    Rule { anchor: "xoxb-", body: url_safe, length: (20, 90), format: secret("a token of Slack", "Slack 令牌") },
    Rule { anchor: "xoxp-", body: url_safe, length: (20, 90), format: secret("a token of Slack", "Slack 令牌") },
    Rule { anchor: "hooks.slack.com/services/T", body: |byte| alphanumeric(byte) || byte == b'/', length: (20, 60), format: secret("a web hook of Slack", "Slack 网络钩子") },
    Rule { anchor: "sk_live_", body: alphanumeric, length: (16, 120), format: secret("a secret key of Stripe", "Stripe 密钥") },
    Rule { anchor: "rk_live_", body: alphanumeric, length: (16, 120), format: secret("a restricted key of Stripe", "Stripe 受限密钥") },
    Rule { anchor: "SG.", body: token, length: (60, 72), format: secret("a key of SendGrid", "SendGrid 密钥") },
    Rule { anchor: "sq0csp-", body: url_safe, length: (40, 50), format: secret("a secret of Square", "Square 密钥") },
    Rule { anchor: "npm_", body: alphanumeric, length: (36, 36), format: secret("a token of npm", "npm 令牌") },
    Rule { anchor: "ya29.", body: url_safe, length: (30, 300), format: secret("an access token of Google", "Google 访问令牌") },
    Rule { anchor: ":APA91b", body: url_safe, length: (120, 160), format: secret("a server key of Firebase", "Firebase 服务器密钥") },
    Rule { anchor: "AIza", body: url_safe, length: (35, 35), format: Format { name: words("an API key of Google", "Google API 密钥"), public: true } },
    Rule { anchor: "oapi.dingtalk.com/robot/send?access_token=", body: hex, length: (64, 64), format: secret("a robot token of DingTalk", "钉钉机器人令牌") },
    Rule { anchor: "qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", body: url_safe, length: (36, 36), format: secret("a robot key of WeCom", "企业微信机器人密钥") },
    Rule { anchor: "open.feishu.cn/open-apis/bot/v2/hook/", body: url_safe, length: (36, 36), format: secret("a robot token of Feishu", "飞书机器人令牌") },
    Rule { anchor: "api.weixin.qq.com/sns/oauth2/access_token?appid=wx", body: |byte| alphanumeric(byte) || matches!(byte, b'&' | b'=' | b'_'), length: (50, 200), format: secret("an AppSecret of WeChat in a request", "请求中的微信 AppSecret") },
];

/// How the Base64 of a private key starts, without the lines of PEM around it.
const KEYS: &[&str] = &[
    "MIICdgIBADANBgkqhkiG9w0BAQEFAAS",
    "MIICdwIBADANBgkqhkiG9w0BAQEFAAS",
    "MIICeAIBADANBgkqhkiG9w0BAQEFAAS",
    "MIICeQIBADANBgkqhkiG9w0BAQEFAAS",
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAAS",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAAS",
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAAS",
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAAS",
    "MIICWwIBAAKBgQ",
    "MIICXAIBAAKBgQ",
    "MIICXQIBAAKBgQ",
    "MIICXgIBAAKBgQ",
    "MIIEogIBAAKCAQEA",
    "MIIEowIBAAKCAQEA",
    "MIIEpAIBAAKCAQEA",
    "MIIEpQIBAAKCAQEA",
    "MIGHAgEAMBMGByqGSM49",
    "MIGTAgEAMBMGByqGSM49",
    "MIGTAgEAMBMGByqBHM9V",
];

const HOST: Kind = Kind::Malware(words("a host of known malware", "已知恶意软件的主机"));
const MINER: Kind = Kind::Malware(words("a miner of cryptocurrencies", "加密货币挖矿代码"));
const TEST: Kind = Kind::Malware(words("the test file of virus scanners", "病毒扫描测试文件"));

/// Texts that tell by being there.
const SIGNS: &[(&str, Kind)] = &[
    (
        "api.weixin.qq.com/sns/oauth2/access_token",
        Kind::SecretRequest,
    ),
    ("api.weixin.qq.com/cgi-bin/token", Kind::SecretRequest),
    ("init.icloud-analysis.com", HOST),
    ("init.icloud-diagnostics.com", HOST),
    ("init.crash-analytics.com", HOST),
    ("stratum+tcp://", MINER),
    ("stratum+ssl://", MINER),
    ("coinhive.min.js", MINER),
    ("EICAR-STANDARD-ANTIVIRUS-TEST-FILE", TEST),
];

/// What a password follows in a text: an element of XML, a parameter of an address.
const LABELS: &[&str] = &[
    "<password>",
    "password=",
    "passwd=",
    "&pwd=",
    "?pwd=",
    "&secret=",
    "client_secret=",
];

const PEM: &str = "-----BEGIN";
const JWT: &str = "eyJ";

/// What strings with secrets of known formats contain.
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    RULES
        .iter()
        .map(|rule| rule.anchor)
        .chain(KEYS.iter().copied())
        .chain(SIGNS.iter().map(|(sign, _)| *sign))
        .chain(LABELS.iter().copied())
        .chain([PEM, JWT])
}

/// Adds the secrets of known formats in a text.
pub(super) fn find(text: &str, found: &mut Vec<(Kind, String)>) {
    for rule in RULES {
        for (at, _) in text.match_indices(rule.anchor).take(super::IN_STRING_MAX) {
            let is_inside = text
                .get(..at)
                .and_then(|before| before.chars().next_back())
                .is_some_and(|char| char.is_ascii_alphanumeric());
            let rest = text.get(at + rule.anchor.len()..).unwrap_or_default();
            let length = rest.bytes().take_while(|byte| (rule.body)(*byte)).count();
            let (min, max) = rule.length;
            let value = text.get(at..at + rule.anchor.len() + length);
            if !(is_inside && rule.anchor.len() < 7)
                && (min..=max).contains(&length)
                && let Some(value) = value.filter(|value| !is_placeholder(value))
            {
                found.push((Kind::Secret(rule.format), value.to_owned()));
            }
        }
    }
    for (_, kind) in SIGNS.iter().filter(|(sign, _)| text.contains(sign)) {
        found.push((kind.clone(), text.to_owned()));
    }
    if let Some(value) = labelled(text) {
        let format = Format {
            name: words("a password in a text", "文本中的口令"),
            public: !is_mixed(value),
        };
        found.push((Kind::Secret(format), value.to_owned()));
    }
    if let Some(value) = json_web_token(text) {
        let format = secret("a JSON Web Token", "JSON Web Token");
        found.push((Kind::Secret(format), value.to_owned()));
    }
    if KEYS.iter().any(|start| text.contains(start)) && text.len() > 128 || is_pem_key(text) {
        found.push((Kind::PrivateKey, text.to_owned()));
    }
}

/// The password that a text names, if it is one and not where one is put in later.
fn labelled(text: &str) -> Option<&str> {
    LABELS.iter().find_map(|label| {
        let (_, rest) = text.split_once(label)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!@#*^_-+~".contains(&byte);
        let length = rest.bytes().take_while(|byte| allowed(*byte)).count();
        let end = rest.as_bytes().get(length).copied();
        let is_end =
            end.is_none_or(|byte| matches!(byte, b'&' | b'<' | b'"' | b'\'' | b';' | b' ' | b'\n'));
        rest.get(..length)
            .filter(|value| is_end && is_value("password", value) && !is_placeholder(value))
    })
}

/// Examples of documentation.
fn is_placeholder(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    upper.contains("EXAMPLE") || upper.contains("XXXXXX") || upper.contains("000000000000")
}

/// `-----BEGIN RSA PRIVATE KEY-----` with a key after it, on the same line or not. Parsers of PEM
/// load the line alone, and its end.
fn is_pem_key(text: &str) -> bool {
    let Some(at) = text.find(PEM) else {
        return false;
    };
    let rest = text.get(at + PEM.len()..).unwrap_or_default();
    let Some((label, body)) = rest.split_once("-----") else {
        return false;
    };
    let body = body.split("-----").next().unwrap_or_default();
    let encoded = body.bytes().filter(|byte| byte.is_ascii_alphanumeric());
    label.ends_with("PRIVATE KEY") && encoded.count() >= 40
}

/// Header, claims and signature, each in Base64.
fn json_web_token(text: &str) -> Option<&str> {
    let at = text.find(JWT)?;
    let rest = text.get(at..)?;
    let length = rest.bytes().take_while(|byte| token(*byte)).count();
    let value = rest.get(..length)?;
    let mut parts = value.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    (header.len() > 15 && claims.starts_with(JWT) && claims.len() > 15 && signature.len() > 20)
        .then_some(value)
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::ask::traces::Kind;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut found = Vec::new();
        find(text, &mut found);
        found.into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn formats_are_recognised_whole() {
        let aws = ["AKIA", "QX7BL4OZ2M6TEUVW"].concat();
        assert!(matches!(kinds(&aws)[..], [Kind::Secret(_)]));
        assert!(matches!(
            kinds(&format!("key={aws};"))[..],
            [Kind::Secret(_)]
        ));
        assert_eq!(kinds(aws.trim_end_matches('W')), []);
        assert_eq!(kinds(&format!("X{aws}")), []);
        assert_eq!(kinds("AKIAIOSFODNN7EXAMPLE"), []);
        let token =
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9";
        assert!(matches!(kinds(token)[..], [Kind::Secret(_)]));
        assert_eq!(kinds("eyJhbGciOiJIUzI1NiJ9"), []);
    }

    #[test]
    fn passwords_in_texts_are_told_from_gaps() {
        let xml = "<login><user>superadmin</user><password>supers3cure!</password></login>";
        assert!(matches!(kinds(xml)[..], [Kind::Secret(format)] if !format.public));
        for text in [
            "login?password=%s&x=1",
            "password=",
            "password=' + p",
            "password=encode(p)",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn keys_are_told_from_the_lines_that_parsers_look_for() {
        let body = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7maOg";
        let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----");
        assert_eq!(kinds(&pem), [Kind::PrivateKey]);
        assert_eq!(kinds("-----BEGIN RSA PRIVATE KEY-----"), []);
        assert_eq!(
            kinds(&pem.replace("PRIVATE", "PUBLIC").replace("MIIEp", "MIIBI")),
            []
        );
    }
}
