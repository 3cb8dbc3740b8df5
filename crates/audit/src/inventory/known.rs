//! The table of well-known SDKs: `sdks.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::check::{Words, words};

/// What an SDK is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Shows advertisements.
    Advertising,
    /// Counts and profiles users.
    Analytics,
    /// Reports crashes.
    Crash,
    /// Ciphers, signatures, certificates.
    Cryptography,
    /// A way to build apps.
    Framework,
    /// Makes an app hard to analyse.
    Hardening,
    /// Changes the behaviour of other code.
    Hooking,
    /// Replaces code of the installed app.
    Hotfix,
    /// Tells who somebody is.
    Identity,
    /// Loads and shows pictures.
    Image,
    /// Widgets and layouts.
    Interface,
    /// Signs in with an account elsewhere.
    Login,
    /// Known to harm its users.
    Malware,
    /// Maps and positions.
    Map,
    /// Sound and film.
    Media,
    /// Conversations.
    Messaging,
    /// Transfers.
    Network,
    /// Payments.
    Payment,
    /// Parts of the platform.
    Platform,
    /// Push messages.
    Push,
    /// Reads codes, texts, faces, speech.
    Recognition,
    /// Tells attackers and fraud.
    Security,
    /// JSON, XML and the like.
    Serialisation,
    /// Shares with social networks.
    Social,
    /// Databases and files.
    Storage,
    /// Needed while developing only.
    Test,
    /// Anything else that code needs.
    Utility,
}

impl Purpose {
    /// In words.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::Advertising => words("advertising", "广告"),
            Self::Analytics => words("analytics", "统计分析"),
            Self::Crash => words("crash reports", "崩溃上报"),
            Self::Cryptography => words("cryptography", "密码算法"),
            Self::Framework => words("framework", "应用框架"),
            Self::Hardening => words("hardening", "加固"),
            Self::Hooking => words("hooking", "挂钩"),
            Self::Hotfix => words("hot fixes", "热修复"),
            Self::Identity => words("identity", "身份核验"),
            Self::Image => words("images", "图片"),
            Self::Interface => words("user interface", "界面"),
            Self::Login => words("login", "登录"),
            Self::Malware => words("malware", "恶意代码"),
            Self::Map => words("maps", "地图定位"),
            Self::Media => words("media", "音视频"),
            Self::Messaging => words("messaging", "即时通信"),
            Self::Network => words("network", "网络"),
            Self::Payment => words("payment", "支付"),
            Self::Platform => words("platform", "平台组件"),
            Self::Push => words("push messages", "推送"),
            Self::Recognition => words("recognition", "识别"),
            Self::Security => words("security", "安全风控"),
            Self::Serialisation => words("serialisation", "序列化"),
            Self::Social => words("social sharing", "社交分享"),
            Self::Storage => words("storage", "存储"),
            Self::Test => words("tests", "测试"),
            Self::Utility => words("utility", "工具"),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "advertising" => Self::Advertising,
            "analytics" => Self::Analytics,
            "crash" => Self::Crash,
            "cryptography" => Self::Cryptography,
            "framework" => Self::Framework,
            "hardening" => Self::Hardening,
            "hooking" => Self::Hooking,
            "hotfix" => Self::Hotfix,
            "identity" => Self::Identity,
            "image" => Self::Image,
            "interface" => Self::Interface,
            "login" => Self::Login,
            "malware" => Self::Malware,
            "map" => Self::Map,
            "media" => Self::Media,
            "messaging" => Self::Messaging,
            "network" => Self::Network,
            "payment" => Self::Payment,
            "platform" => Self::Platform,
            "push" => Self::Push,
            "recognition" => Self::Recognition,
            "security" => Self::Security,
            "serialisation" => Self::Serialisation,
            "social" => Self::Social,
            "storage" => Self::Storage,
            "test" => Self::Test,
            "utility" => Self::Utility,
            _ => return None,
        })
    }
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) vendor: &'static str,
    pub(super) purpose: Purpose,
    /// Package URL without a version.
    pub(super) purl: Option<&'static str>,
    /// Packages of classes, or single classes.
    pub(super) packages: Vec<&'static str>,
    /// Fields, or methods with `()`, that hold the version.
    pub(super) version_members: Vec<&'static str>,
    /// File names of native libraries.
    pub(super) libraries: Vec<&'static str>,
    /// Frameworks and Objective-C classes.
    pub(super) ios: Vec<&'static str>,
    /// Packages of OpenHarmony.
    pub(super) harmony: Vec<&'static str>,
    /// Strings that only its code loads.
    pub(super) texts: Vec<&'static str>,
}

/// The table and ways into it.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Known>,
    by_name: HashMap<&'static str, usize>,
    by_package: HashMap<&'static str, usize>,
    by_purl: HashMap<&'static str, usize>,
    by_library: HashMap<&'static str, usize>,
    by_ios: HashMap<&'static str, usize>,
    by_harmony: HashMap<&'static str, usize>,
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for line in text.lines().skip(1) {
            let Some(row) = row(line) else { continue };
            let at = table.rows.len();
            table.by_name.insert(row.name, at);
            table.by_purl.extend(row.purl.map(|purl| (purl, at)));
            for (index, names) in [
                (&mut table.by_package, &row.packages),
                (&mut table.by_library, &row.libraries),
                (&mut table.by_ios, &row.ios),
                (&mut table.by_harmony, &row.harmony),
            ] {
                for name in names {
                    index.entry(name).or_insert(at);
                }
            }
            table.rows.push(row);
        }
        table
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Known> {
        self.rows.iter()
    }

    fn row(&self, at: Option<&usize>) -> Option<&Known> {
        self.rows.get(*at?)
    }

    pub(super) fn of_name(&self, name: &str) -> Option<&Known> {
        self.row(self.by_name.get(name))
    }

    /// The SDK of a class: the longest package that it is in decides.
    pub(super) fn of_class(&self, class: &str) -> Option<&Known> {
        let mut name = class;
        loop {
            if let Some(at) = self.by_package.get(name) {
                return self.rows.get(*at);
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    pub(super) fn of_purl(&self, purl: &str) -> Option<&Known> {
        self.row(self.by_purl.get(purl))
    }

    pub(super) fn of_library(&self, file: &str) -> Option<&Known> {
        self.row(self.by_library.get(file))
    }

    pub(super) fn of_ios(&self, name: &str) -> Option<&Known> {
        self.row(self.by_ios.get(name))
    }

    pub(super) fn of_harmony(&self, name: &str) -> Option<&Known> {
        self.row(self.by_harmony.get(name))
    }
}

fn row(line: &'static str) -> Option<Known> {
    let mut cells = line
        .split('\t')
        .map(|cell| Some(cell).filter(|cell| *cell != "-"));
    let mut cell = || cells.next().flatten();
    let list = |cell: Option<&'static str>, separator| {
        cell.map(|cell| cell.split(separator).collect())
            .unwrap_or_default()
    };
    Some(Known {
        name: cell()?,
        vendor: cell()?,
        purpose: Purpose::parse(cell()?)?,
        purl: cell(),
        packages: list(cell(), ','),
        version_members: list(cell(), ','),
        libraries: list(cell(), ','),
        ios: list(cell(), ','),
        harmony: list(cell(), ','),
        texts: list(cell(), '|'),
    })
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("sdks.tsv")));

/// The table.
pub(super) fn known() -> &'static Table {
    &TABLE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{known, row};

    #[test]
    fn every_row_is_read_and_none_is_there_twice() {
        let lines: Vec<_> = include_str!("sdks.tsv").lines().skip(1).collect();
        assert!(lines.len() >= 200, "{}", lines.len());
        for line in &lines {
            assert!(row(line).is_some(), "{line}");
            assert_eq!(line.split('\t').count(), 10, "{line}");
        }
        let mut packages = BTreeSet::new();
        for known in known().all() {
            for package in &known.packages {
                assert!(packages.insert(*package), "{package} is of two SDKs");
            }
            let shown = !known.packages.is_empty()
                || !known.libraries.is_empty()
                || !known.ios.is_empty()
                || !known.harmony.is_empty();
            assert!(shown, "{} cannot be recognised", known.name);
        }
        assert_eq!(known().all().count(), lines.len());
    }

    #[test]
    fn the_longest_package_decides() {
        let name = |class| known().of_class(class).map(|known| known.name);
        assert_eq!(name("com.google.android.gms.ads.AdView"), Some("AdMob"));
        assert_eq!(
            name("com.google.android.gms.common.Api"),
            Some("Google Play services")
        );
        assert_eq!(name("okhttp3x.Client"), None);
        assert_eq!(name("com.bank.Main"), None);
    }
}
