//! Shells that packages are hardened with, by our own rules: names of libraries and files, classes
//! of stubs.

use crate::facts::{Android, Facts, File};

/// A shell that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packer {
    /// Product and maker.
    pub(crate) name: &'static str,
    /// The file that gives it away, if it was a file.
    pub(crate) file: Option<String>,
    /// The class that gives it away, if it was a class.
    pub(crate) class: Option<String>,
    /// Whether the maker has long replaced it: what is known how to undo protects nobody.
    pub(crate) outdated: bool,
}

/// How a shell is recognised.
struct Rule {
    name: &'static str,
    /// Names of files, without folder; a `*` at the end stands for anything.
    files: &'static [&'static str],
    /// Starts of names of classes.
    classes: &'static [&'static str],
    /// Files of generations that their makers have replaced.
    outdated: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        name: "360 Jiagu (Qihoo)",
        files: &[
            "libjiagu.so",
            "libjiagu_art.so",
            "libjiagu_x86.so",
            "libjiagu_x64.so",
            "libjiagu_a64.so",
            "libjgdtc*",
        ],
        classes: &["com.stub.StubApp", "com.qihoo.util.", "com.qihoo360.jiagu"],
        outdated: &["libprotectClass.so"],
    },
    Rule {
        name: "Legu (Tencent)",
        files: &[
            "libshell-super*",
            "libshella-*",
            "libshellx-*",
            "libtosprotection*",
            "mix.dex",
            "libtup.so",
        ],
        classes: &[
            "com.tencent.StubShell.",
            "com.wrapper.proxyapplication.",
            "com.tencent.legu",
        ],
        outdated: &["libshell.so", "mixz.dex"],
    },
    Rule {
        name: "Bangcle (SecNeo)",
        files: &["libDexHelper.so", "libDexHelper-x86.so", "libdexjni.so"],
        classes: &[
            "com.secneo.",
            "com.bangcle.",
            "com.SecShell.",
            "com.secshell.",
        ],
        outdated: &[
            "libsecexe.so",
            "libsecmain.so",
            "libSecShell.so",
            "libSecShell-x86.so",
        ],
    },
    Rule {
        name: "ijiami",
        files: &[
            "ijiami.dat",
            "ijiami.ajm",
            "ijm_lib*",
            "libijmDataEncryption*",
        ],
        classes: &["com.shell.SuperApplication", "s.h.e.l.l.", "com.ijiami."],
        outdated: &["libexec.so", "libexecmain.so"],
    },
    Rule {
        name: "Baidu",
        files: &["libbaiduprotect*", "baiduprotect*.jar"],
        classes: &["com.baidu.protect."],
        outdated: &[],
    },
    Rule {
        name: "Alibaba",
        files: &[
            "libpreverify1.so",
            "libmobisecy*",
            "libaliprotect*",
            "libsgsecuritybody*",
        ],
        classes: &["com.ali.mobisecenhance.", "com.alibaba.mobisecenhance."],
        outdated: &["libmobisec.so", "libmobisecx.so", "libmobisecz.so"],
    },
    Rule {
        name: "NetEase Yidun",
        files: &["libnesec.so", "libnesec-x86.so", "nesec.dat"],
        classes: &["com.netease.nis.wrapper."],
        outdated: &[],
    },
    Rule {
        name: "Dingxiang",
        files: &["libx3g.so", "libdxp*.so", "dx_shell*"],
        classes: &["com.dingxiang.", "cn.dxsec."],
        outdated: &[],
    },
    Rule {
        name: "Nagain (Najia)",
        files: &["libddog.so", "libfdog.so", "libedog.so", "libchaosvmp.so"],
        classes: &["com.nagapt.", "com.edog."],
        outdated: &[],
    },
    Rule {
        name: "Tongfudun",
        files: &[
            "libegis.so",
            "libegisboot.so",
            "libegismain.so",
            "libNSaferOnly.so",
        ],
        classes: &["com.payegis."],
        outdated: &[],
    },
    Rule {
        name: "Kiwisec",
        files: &[
            "libkwscmm.so",
            "libkwscr.so",
            "libkwslinker.so",
            "dexkey.data",
        ],
        classes: &["com.kiwisec."],
        outdated: &[],
    },
    Rule {
        name: "APKProtect",
        files: &["libAPKProtect.so", "libapkprotect*"],
        classes: &[],
        outdated: &[],
    },
    Rule {
        name: "DexGuard (Guardsquare)",
        files: &["libdgrt.so", "libdexguard*"],
        classes: &["com.guardsquare.dexguard.", "guardsquare.dexguard."],
        outdated: &[],
    },
    Rule {
        name: "DexProtector (Licel)",
        files: &[
            "libdexprotector*",
            "libdpboot.so",
            "dp.arm-v7.so.dat",
            "dp.arm-v8.so.dat",
            "classes.dex.dat",
        ],
        classes: &["com.licel."],
        outdated: &[],
    },
    Rule {
        name: "Promon Shield",
        files: &["libshield.so"],
        classes: &["no.promon.shield."],
        outdated: &[],
    },
    Rule {
        name: "Arxan (Digital.ai)",
        files: &["libarxan*"],
        classes: &["com.arxan."],
        outdated: &[],
    },
    Rule {
        name: "Appdome",
        files: &["libloader.so.appdome", "libappdome*"],
        classes: &["runtime.loading.", "com.appdome."],
        outdated: &[],
    },
    Rule {
        name: "LIAPP (Lockin)",
        files: &["LIAPPClient.sc", "libliapp*"],
        classes: &["com.lockincomp.liapp"],
        outdated: &[],
    },
];

/// The shells that the package shows, one piece of evidence each.
pub(crate) fn found(facts: &Facts) -> Vec<Packer> {
    let classes = classes(facts);
    let rules = RULES.iter().zip(classes);
    rules
        .filter_map(|(rule, class)| {
            let file = |patterns: &[&str]| {
                let mut files = facts.files.iter();
                files.find(|file| patterns.iter().any(|pattern| matches(pattern, file.name())))
            };
            let old = file(rule.outdated);
            let new = file(rule.files);
            (old.is_some() || new.is_some() || class.is_some()).then(|| Packer {
                name: rule.name,
                file: new.or(old).map(File::location),
                class: class.filter(|_| new.is_none() && old.is_none()),
                outdated: old.is_some() && new.is_none(),
            })
        })
        .collect()
}

/// The first class of each rule: the application class, since a shell starts there, or any other.
fn classes(facts: &Facts) -> Vec<Option<String>> {
    let manifest = facts.android.as_ref().and_then(Android::manifest);
    let application = manifest.and_then(|manifest| manifest.application.name.as_deref());
    let mut found: Vec<Option<String>> = vec![None; RULES.len()];
    let mut look_at = |name: &str| {
        for (rule, found) in RULES.iter().zip(&mut found) {
            if found.is_none() && rule.classes.iter().any(|start| name.starts_with(start)) {
                *found = Some(name.to_owned());
            }
        }
    };
    application.into_iter().for_each(&mut look_at);
    for class in facts.code.classes() {
        look_at(&class.name());
    }
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn files_and_stubs_tell() {
        let facts = |application: &str, files: &[(&str, Vec<u8>)]| {
            let manifest = format!("<application android:name=\"{application}\"/>");
            fixture::facts("test.apk", fixture::apk(&manifest, files))
        };
        let jiagu = found(&facts(
            "com.bank.App",
            &[("assets/libjiagu.so", b"x".to_vec())],
        ));
        assert_eq!(jiagu[0].name, "360 Jiagu (Qihoo)");
        assert_eq!(jiagu[0].file.as_deref(), Some("assets/libjiagu.so"));
        let stub = found(&facts("com.tencent.StubShell.TxAppEntry", &[]));
        assert_eq!((stub[0].name, stub[0].outdated), ("Legu (Tencent)", false));
        let old = found(&facts(
            "com.bank.App",
            &[("lib/armeabi/libsecexe.so", b"x".to_vec())],
        ));
        assert!(old[0].outdated);
        assert_eq!(
            found(&facts(
                "com.bank.App",
                &[("lib/x86/libpay.so", b"x".to_vec())]
            )),
            []
        );
    }
}
