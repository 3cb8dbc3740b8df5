//! Which classes are the app's own, and which belong to libraries.

use std::collections::BTreeSet;

use crate::facts::{Android, Facts};

/// Packages of platform and well-known libraries. Only prefixes that no app would choose.
const LIBRARIES: &[&str] = &[
    "_COROUTINE.",
    "android.",
    "androidx.",
    "bolts.",
    "butterknife.",
    "cn.jiguang.",
    "cn.jpush.",
    "com.airbnb.lottie.",
    "com.alibaba.fastjson.",
    "com.alipay.",
    "com.amap.",
    "com.android.volley.",
    "com.autonavi.",
    "com.baidu.",
    "com.bumptech.",
    "com.facebook.",
    "com.google.",
    "com.huawei.agconnect.",
    "com.huawei.hms.",
    "com.jakewharton.",
    "com.meizu.cloud.",
    "com.squareup.",
    "com.ta.utdid2.",
    "com.tencent.bugly.",
    "com.tencent.mm.",
    "com.tencent.mmkv.",
    "com.tencent.smtt.",
    "com.umeng.",
    "com.ut.",
    "com.xiaomi.",
    "dagger.",
    "io.flutter.",
    "io.reactivex.",
    "io.realm.",
    "java.",
    "javax.",
    "junit.",
    "kotlin.",
    "kotlinx.",
    "net.sqlcipher.",
    "okhttp3.",
    "okio.",
    "org.apache.",
    "org.bouncycastle.",
    "org.chromium.",
    "org.greenrobot.",
    "org.hamcrest.",
    "org.intellij.",
    "org.jetbrains.",
    "org.jsoup.",
    "org.junit.",
    "org.mozilla.",
    "org.slf4j.",
    "retrofit2.",
    "rx.",
    "timber.",
];

/// First parts of packages that say nothing about who wrote the code.
const SHARED: &[&str] = &[
    "com.android",
    "com.github",
    "com.google",
    "io.github",
    "com.cn",
    "cn.com",
    "com.tencent",
    "com.alibaba",
    "com.huawei",
];

/// The packages of the app itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    prefixes: BTreeSet<String>,
}

impl Own {
    /// Reads them off the application id and the components of the manifest: whoever declares a
    /// component in a package writes code there.
    pub(crate) fn of(facts: &Facts) -> Self {
        let components = facts.android.iter().flat_map(Android::components);
        let names = components.map(|component| component.name.as_str());
        let application = facts
            .android
            .as_ref()
            .and_then(Android::manifest)
            .and_then(|manifest| manifest.application.name.as_deref());
        let packages = names
            .chain(application)
            .filter(|name| !is_library(name))
            .filter_map(|name| name.rsplit_once('.'))
            .map(|(package, _)| package);
        let prefixes = packages.chain(facts.application_id()).map(prefix);
        Self {
            prefixes: prefixes.filter(|prefix| prefix.len() > 1).collect(),
        }
    }

    /// Whether the app itself is known to have written the class.
    pub(crate) fn wrote(&self, class: &str) -> bool {
        let mut ends = class.match_indices('.').map(|(at, _)| at + 1);
        ends.any(|end| {
            class
                .get(..end)
                .is_some_and(|prefix| self.prefixes.contains(prefix))
        })
    }

    /// Whether the class may be the app's own: it is, or its package tells nothing, as obfuscators
    /// make them. A package with a name of its own has an owner of its own.
    pub(crate) fn may_have_written(&self, class: &str) -> bool {
        self.wrote(class) || (!is_library(class) && is_nameless(class))
    }
}

/// Whether the class belongs to the platform or a known library, so that nobody of the app wrote
/// it. What such a class does may still be the app's to answer for; see
/// [`is_of_library`](super::components::is_of_library).
pub(crate) fn is_library(class: &str) -> bool {
    // The list is sorted, and no entry starts another: the last one that is not greater decides.
    let after = LIBRARIES.partition_point(|prefix| *prefix <= class);
    let before = after.checked_sub(1).and_then(|at| LIBRARIES.get(at));
    before.is_some_and(|prefix| class.starts_with(prefix))
}

/// Whether nothing but a domain such as `com` has a name in the package of a class.
fn is_nameless(class: &str) -> bool {
    let package = class.rsplit_once('.').map_or("", |(package, _)| package);
    let mut parts = package.split('.').peekable();
    let is_domain = parts
        .peek()
        .is_some_and(|first| matches!(first.len(), 2..=3));
    let named = parts.nth(usize::from(is_domain)).unwrap_or_default();
    named.len() <= 2
}

/// Two parts of a package, three where two are shared by many, with a dot behind them.
fn prefix(package: &str) -> String {
    let parts = |count: usize| {
        let mut text = package.split('.').take(count).collect::<Vec<_>>().join(".");
        text.push('.');
        text
    };
    let two = parts(2);
    match SHARED.contains(&two.trim_end_matches('.')) {
        true => parts(3),
        false => two,
    }
}

#[cfg(test)]
mod tests {
    use super::Own;
    use crate::fixture;

    #[test]
    fn the_list_of_libraries_can_be_searched() {
        assert!(super::LIBRARIES.is_sorted());
        for pair in super::LIBRARIES.windows(2) {
            assert!(!pair[1].starts_with(pair[0]), "{pair:?}");
        }
        for library in super::LIBRARIES {
            assert!(super::is_library(&format!("{library}x.Y")), "{library}");
        }
        assert!(!super::is_library("kotlinized.A") && !super::is_library("zz.A"));
    }

    #[test]
    fn components_tell_who_wrote_what() {
        let facts = fixture::facts(
            "test.apk",
            fixture::apk(
                "<application>\
                 <activity android:name=\"sg.vantagepoint.crack.Main\"/>\
                 <activity android:name=\"com.android.bank.Login\"/>\
                 <activity android:name=\"com.google.android.gms.Ads\"/></application>",
                &[],
            ),
        );
        let own = Own::of(&facts);
        for class in ["sg.vantagepoint.a.c", "com.android.bank.x.Y", "com.bank.Z"] {
            assert!(own.wrote(class), "{class}");
        }
        for class in [
            "com.google.android.gms.Ads",
            "com.android.volley.Request",
            "a.b.c",
        ] {
            assert!(!own.wrote(class), "{class}");
        }
        for class in ["a.b.c", "A", "com.a.b", "o.aBc"] {
            assert!(own.may_have_written(class), "{class}");
        }
        for class in [
            "okhttp3.Call",
            "io.netty.util.A",
            "com.ibm.icu.a",
            "google.A",
        ] {
            assert!(!own.may_have_written(class), "{class}");
        }
    }
}
