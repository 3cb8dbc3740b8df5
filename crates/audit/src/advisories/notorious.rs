//! A few vulnerabilities that are so well known that nobody needs a database to tell.

use super::version::Scheme;

/// A version range of one library, with its vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notorious {
    /// The CVE id.
    pub id: &'static str,
    /// Package URL without a version.
    pub purl: &'static str,
    /// The first version that has it; empty if all early ones do.
    pub introduced: &'static str,
    /// The first version without it.
    pub fixed: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
}

/// The vulnerabilities of a version of a package.
pub fn notorious(purl: &str, version: &str) -> impl Iterator<Item = &'static Notorious> {
    LIST.iter().filter(move |known| {
        known.purl == purl
            && (known.introduced.is_empty()
                || Scheme::Maven.compare(version, known.introduced).is_ge())
            && Scheme::Maven.compare(version, known.fixed).is_lt()
    })
}

macro_rules! list {
    ($($id:literal $purl:literal $introduced:literal .. $fixed:literal $summary:literal)*) => {
        &[$(Notorious { id: $id, purl: $purl, introduced: $introduced, fixed: $fixed, summary: $summary }),*]
    };
}

#[rustfmt::skip]
const LIST: &[Notorious] = list! {
    "CVE-2014-0160" "pkg:generic/openssl" "1.0.1" .. "1.0.1g" "Heartbleed: peers read the memory"
    "CVE-2014-0224" "pkg:generic/openssl" "" .. "0.9.8za" "a man in the middle forces weak keys"
    "CVE-2014-0224" "pkg:generic/openssl" "1.0.0" .. "1.0.0m" "a man in the middle forces weak keys"
    "CVE-2014-0224" "pkg:generic/openssl" "1.0.1" .. "1.0.1h" "a man in the middle forces weak keys"
    "CVE-2016-2107" "pkg:generic/openssl" "1.0.1" .. "1.0.1t" "padding oracle of AES-CBC"
    "CVE-2016-2107" "pkg:generic/openssl" "1.0.2" .. "1.0.2h" "padding oracle of AES-CBC"
    "CVE-2022-0778" "pkg:generic/openssl" "1.0.2" .. "1.0.2zd" "a certificate makes it loop for ever"
    "CVE-2022-0778" "pkg:generic/openssl" "1.1.1" .. "1.1.1n" "a certificate makes it loop for ever"
    "CVE-2022-0778" "pkg:generic/openssl" "3.0.0" .. "3.0.2" "a certificate makes it loop for ever"
    "CVE-2022-3602" "pkg:generic/openssl" "3.0.0" .. "3.0.7" "a certificate overflows a buffer"
    "CVE-2023-38545" "pkg:generic/curl" "7.69.0" .. "8.4.0" "a host name overflows a buffer (SOCKS5)"
    "CVE-2018-25032" "pkg:generic/zlib" "" .. "1.2.12" "memory corruption while deflating"
    "CVE-2015-8126" "pkg:generic/libpng" "1.6.0" .. "1.6.19" "a picture overflows a buffer"
    "CVE-2021-44228" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.0-beta9" .. "2.3.1" "Log4Shell: a logged text runs code"
    "CVE-2021-44228" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.4" .. "2.12.2" "Log4Shell: a logged text runs code"
    "CVE-2021-44228" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.13.0" .. "2.15.0" "Log4Shell: a logged text runs code"
    "CVE-2021-45046" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.0-beta9" .. "2.3.1" "a logged text runs code"
    "CVE-2021-45046" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.4" .. "2.12.2" "a logged text runs code"
    "CVE-2021-45046" "pkg:maven/org.apache.logging.log4j/log4j-core" "2.13.0" .. "2.16.0" "a logged text runs code"
    "CVE-2017-18349" "pkg:maven/com.alibaba/fastjson" "" .. "1.2.25" "JSON runs code"
    "CVE-2022-25845" "pkg:maven/com.alibaba/fastjson" "" .. "1.2.83" "JSON runs code in spite of autoType"
    "CVE-2016-2402" "pkg:maven/com.squareup.okhttp3/okhttp" "3.0.0" .. "3.1.2" "pinned certificates are evaded"
    "CVE-2021-0341" "pkg:maven/com.squareup.okhttp3/okhttp" "" .. "4.9.2" "host names are verified wrongly"
    "CVE-2016-2402" "pkg:maven/com.squareup.okhttp/okhttp" "" .. "2.7.4" "pinned certificates are evaded"
    "CVE-2022-25647" "pkg:maven/com.google.code.gson/gson" "" .. "2.8.9" "JSON makes unsafe objects"
    "CVE-2015-7501" "pkg:maven/commons-collections/commons-collections" "3.0" .. "3.2.2" "a serialised object runs code"
    "CVE-2020-13956" "pkg:maven/org.apache.httpcomponents/httpclient" "" .. "4.5.13" "the wrong host is asked"
    "CVE-2020-8913" "pkg:maven/com.google.android.play/core" "" .. "1.7.2" "other apps run code in the app"
    "CVE-2013-7285" "pkg:maven/com.thoughtworks.xstream/xstream" "" .. "1.4.7" "XML runs code"
    "CVE-2019-12384" "pkg:maven/com.fasterxml.jackson.core/jackson-databind" "2.0.0" .. "2.9.9.1" "JSON runs code"
    "CVE-2014-3500" "pkg:npm/cordova-android" "" .. "3.5.1" "an intent changes the start page"
    "CVE-2015-1835" "pkg:npm/cordova-android" "" .. "3.7.2" "an intent changes the configuration"
    "CVE-2015-1835" "pkg:npm/cordova-android" "4.0.0" .. "4.0.2" "an intent changes the configuration"
    "CVE-2015-3996" "pkg:cocoapods/AFNetworking" "" .. "2.5.3" "certificates of other hosts are accepted"
};

#[cfg(test)]
mod tests {
    use super::notorious;

    #[test]
    fn ranges_end_where_the_repair_is() {
        let ids = |purl, version| {
            notorious(purl, version)
                .map(|known| known.id)
                .collect::<Vec<_>>()
        };
        let openssl = "pkg:generic/openssl";
        assert!(ids(openssl, "1.0.1f").contains(&"CVE-2014-0160"));
        assert!(!ids(openssl, "1.0.1g").contains(&"CVE-2014-0160"));
        assert!(ids(openssl, "1.0.2k-fips").contains(&"CVE-2022-0778"));
        assert!(ids(openssl, "3.0.13").is_empty() && ids(openssl, "1.1.1w").is_empty());
        assert_eq!(
            ids("pkg:maven/com.squareup.okhttp3/okhttp", "3.12.13"),
            ["CVE-2021-0341"]
        );
        assert!(ids("pkg:maven/com.squareup.okhttp3/okhttp", "4.12.0").is_empty());
        // Repaired on the branches for old versions of Java too.
        let log4j = "pkg:maven/org.apache.logging.log4j/log4j-core";
        assert!(ids(log4j, "2.3.1").is_empty() && ids(log4j, "2.12.2").is_empty());
        assert_eq!(ids(log4j, "2.15.0"), ["CVE-2021-45046"]);
        assert_eq!(ids(log4j, "2.14.1"), ["CVE-2021-44228", "CVE-2021-45046"]);
    }
}
