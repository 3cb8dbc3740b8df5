//! How apps tell that they run where they should not: on rooted devices, in emulators, under
//! debuggers, with hooks. By what they name and call, in code and in native libraries.

use std::collections::{BTreeMap, BTreeSet};

use super::own::Own;
use super::packer;
use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::dex::instruction::{Format, Instruction};
use crate::facts::code::{Code, Method};
use crate::facts::{Area, Facts, Place, Site};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threat {
    /// Root rights on Android, jailbreaks on iOS.
    Root,
    /// A device that is a program.
    Emulator,
    /// A debugger, or a package that one can attach to.
    Debugger,
    /// Frameworks that change code while it runs.
    Hook,
}

/// How a threat is recognised.
struct Marks {
    /// Texts that code loads, whole.
    texts: &'static [&'static str],
    /// The same, but ordinary words: they count only where files or programs are looked for.
    words: &'static [&'static str],
    /// Platform methods: class and name.
    calls: &'static [(&'static str, &'static str)],
    /// Parts of strings of native libraries and programs.
    native: &'static [&'static str],
    /// Symbols that native libraries and programs import.
    imports: &'static [&'static str],
    /// Strings and symbols that mean nothing alone, shown where one of the others is in the same
    /// file.
    companions: &'static [&'static str],
    /// What evidence says.
    what: Words,
}

const ROOT: Marks = Marks {
    texts: &[
        "/data/local/bin/su",
        "/data/local/su",
        "/data/local/xbin/su",
        "/sbin/.magisk",
        "/sbin/su",
        "/su/bin/su",
        "/system/app/Superuser.apk",
        "/system/app/Superuser/Superuser.apk",
        "/system/bin/failsafe/su",
        "/system/bin/su",
        "/system/bin/which",
        "/system/etc/init.d/99SuperSUDaemon",
        "/system/sd/xbin/su",
        "/system/xbin/busybox",
        "/system/xbin/daemonsu",
        "/system/xbin/su",
        "/system/xbin/which",
        "com.kingroot.kinguser",
        "com.koushikdutta.superuser",
        "com.noshufou.android.su",
        "com.thirdparty.superuser",
        "com.topjohnwu.magisk",
        "eu.chainfire.supersu",
        "ro.secure",
        "test-keys",
        "which su",
    ],
    words: &["busybox", "magisk", "su"],
    calls: &[
        ("com.scottyab.rootbeer.RootBeer", "isRooted"),
        (
            "com.scottyab.rootbeer.RootBeer",
            "isRootedWithoutBusyBoxCheck",
        ),
    ],
    native: &[
        "/Applications/Cydia.app",
        "/Applications/Sileo.app",
        "/Library/MobileSubstrate",
        "/private/var/lib/apt",
        "/sbin/.magisk",
        "/system/app/Superuser.apk",
        "/system/xbin/su",
        "/usr/sbin/sshd",
        "/var/jb",
        "cydia://",
        "magisk",
    ],
    imports: &[],
    companions: &[],
    what: words("looks for root or a jailbreak", "检测 root 或越狱"),
};

const EMULATOR: Marks = Marks {
    texts: &[
        "/dev/qemu_pipe",
        "/dev/socket/genyd",
        "/dev/socket/qemud",
        "/sys/qemu_trace",
        "/system/lib/libc_malloc_debug_qemu.so",
        "15555215554",
        "Android SDK built for x86",
        "Genymotion",
        "com.bignox.app",
        "com.bluestacks",
        "com.vphone.launcher",
        "generic_x86",
        "goldfish",
        "google_sdk",
        "init.svc.qemud",
        "ranchu",
        "ro.kernel.qemu",
        "sdk_gphone",
        "ttVM_x86",
        "vbox86",
        "vbox86p",
    ],
    words: &[],
    calls: &[],
    native: &[
        "/dev/qemu_pipe",
        "/dev/socket/qemud",
        "goldfish",
        "ro.kernel.qemu",
        "SIMULATOR_DEVICE_NAME",
        "SIMULATOR_UDID",
    ],
    imports: &[],
    companions: &[],
    what: words("looks for an emulator", "检测模拟器"),
};

const DEBUGGER: Marks = Marks {
    texts: &["TracerPid", "TracerPid:", "adb_enabled", "ro.debuggable"],
    words: &[],
    calls: &[
        ("android.os.Debug", "isDebuggerConnected"),
        ("android.os.Debug", "waitingForDebugger"),
    ],
    native: &["TracerPid"],
    imports: &["ptrace", "_ptrace", "_getppid"],
    companions: &["fork", "getppid", "pthread_create", "waitpid"],
    what: words("looks for a debugger", "检测调试器"),
};

const HOOK: Marks = Marks {
    texts: &[
        "/data/local/tmp/frida-server",
        "com.saurik.substrate",
        "de.robv.android.xposed.XposedBridge",
        "de.robv.android.xposed.XposedHelpers",
        "de.robv.android.xposed.installer",
        "frida",
        "frida-server",
        "gum-js-loop",
        "io.va.exposed",
        "libfrida-gadget.so",
        "org.lsposed.manager",
        "org.meowcat.edxposed.manager",
        "re.frida.server",
        "xposed",
    ],
    words: &["XposedBridge.jar", "substrate"],
    calls: &[],
    native: &[
        "FridaGadget",
        "cynject",
        "frida",
        "gum-js-loop",
        "libsubstrate",
        "xposed",
    ],
    imports: &[],
    companions: &["/proc/self/maps", "Tampering detected"],
    what: words("looks for hooks", "检测 hook 框架"),
};

impl Threat {
    const fn marks(self) -> &'static Marks {
        match self {
            Self::Root => &ROOT,
            Self::Emulator => &EMULATOR,
            Self::Debugger => &DEBUGGER,
            Self::Hook => &HOOK,
        }
    }

    /// What evidence of it says.
    pub(crate) const fn what(self) -> Words {
        self.marks().what
    }
}

/// A place in code that looks for a threat.
#[derive(Debug, Clone)]
pub(crate) struct Detection<'a> {
    /// The method.
    pub(crate) method: Method<'a>,
    /// Where in it.
    pub(crate) site: Site,
    /// By what.
    pub(crate) mark: String,
}

/// Whether the package looks for a threat: the answer of four checks. `absent` is what evidence
/// says if it does not.
pub(crate) fn judge(subject: &Subject<'_>, threat: Threat, absent: Words) -> Outcome {
    let facts = subject.facts;
    let native = in_native(facts, threat);
    let has_programs = !facts.libraries.is_empty() || facts.is_ios();
    if let Some(outcome) = super::without_code(facts).filter(|_| !has_programs) {
        return outcome;
    }
    let own = Own::of(facts);
    let evidence = |what: Words, found: &Detection<'_>| {
        Evidence::at(what, &found.site).string(found.mark.clone())
    };
    let (by_app, by_library): (Vec<_>, Vec<_>) = in_code(&facts.code, threat)
        .into_iter()
        .partition(|found| own.may_have_written(&found.site.class));
    let mut findings = Findings::new();
    findings.right.extend(native);
    let own_evidence = by_app.iter().map(|found| evidence(threat.what(), found));
    findings.right.extend(own_evidence);
    if !findings.right.is_empty() {
        return findings.into();
    }
    let what = words("only a library looks", "仅第三方库检测");
    findings
        .doubtful
        .extend(by_library.iter().map(|found| evidence(what, found)));
    let areas = [Area::Archive, Area::Code, Area::Native];
    let is_incomplete = areas.iter().any(|area| facts.coverage.is_incomplete(*area));
    // Nothing found is not nothing there where not everything could be read.
    if findings.doubtful.is_empty() && !is_incomplete {
        match packer::found(facts).into_iter().next() {
            Some(packer) => {
                let what = words(
                    "the code is hidden by a shell; see what the shell detects",
                    "代码由加固壳隐藏，请确认壳的检测能力",
                );
                findings
                    .doubtful
                    .push(Evidence::new(what).string(packer.name));
            }
            None => findings.wrong.push(Evidence::new(absent)),
        }
    }
    findings.into()
}

/// The places in code that look for a threat, one a method, in the order of the package.
pub(crate) fn in_code(code: &Code, threat: Threat) -> Vec<Detection<'_>> {
    let marks = threat.marks();
    let texts = marks.texts.iter().map(|text| (*text, false));
    let words = marks.words.iter().map(|text| (*text, true));
    let mut found: BTreeMap<String, Detection<'_>> = BTreeMap::new();
    for (text, is_word) in texts.chain(words) {
        for found_text in code.uses_of_text(text) {
            let method = found_text.method();
            if is_word && !searches(method) {
                continue;
            }
            found
                .entry(method.qualified_name())
                .or_insert_with(|| Detection {
                    method,
                    site: found_text.site(),
                    mark: text.to_owned(),
                });
        }
    }
    let calls = marks.calls.iter();
    for (class, name) in calls {
        for call in code.calls_to(class, name) {
            let method = call.method();
            let mark = format!("{class}.{name}");
            found.entry(method.qualified_name()).or_insert(Detection {
                method,
                site: call.site(),
                mark,
            });
        }
    }
    if threat == Threat::Debugger {
        for detection in debuggable_flag(code) {
            found
                .entry(detection.method.qualified_name())
                .or_insert(detection);
        }
    }
    found.into_values().collect()
}

/// Whether a method looks for files, programs or packages.
fn searches(method: Method<'_>) -> bool {
    method.calls().any(|call| {
        let target = call.target();
        matches!(
            (target.class_name().as_ref(), target.name().as_ref()),
            ("java.io.File", "<init>" | "exists" | "canExecute")
                | ("java.lang.Runtime", "exec")
                | ("java.lang.ProcessBuilder", "<init>")
                | ("java.lang.System", "getenv")
                | ("java.lang.String", "contains")
                | ("android.content.pm.PackageManager", "getPackageInfo")
        )
    })
}

/// Methods that test `ApplicationInfo.flags & FLAG_DEBUGGABLE`.
fn debuggable_flag(code: &Code) -> Vec<Detection<'_>> {
    const FLAG_DEBUGGABLE: i64 = 2;
    const AND: [u8; 2] = [0x95, 0xb5];
    const AND_LITERAL: [u8; 2] = [0xd5, 0xdd];
    let reads = code.accesses_to("android.content.pm.ApplicationInfo", "flags");
    let reads = reads.into_iter().filter(|access| !access.is_write());
    reads
        .filter(|access| {
            let instructions: Vec<Instruction> = access.method().instructions().collect();
            let has = |opcodes: &[u8], literal: Option<i64>| {
                instructions.iter().any(|found| {
                    opcodes.contains(&found.opcode)
                        && literal.is_none_or(|literal| found.literal == literal)
                })
            };
            let constant = instructions.iter().any(|found| {
                matches!(found.format, Format::F11n | Format::F21s)
                    && found.literal == FLAG_DEBUGGABLE
            });
            has(&AND_LITERAL, Some(FLAG_DEBUGGABLE)) || (constant && has(&AND, None))
        })
        .map(|access| Detection {
            method: access.method(),
            site: access.site(),
            mark: "ApplicationInfo.FLAG_DEBUGGABLE".to_owned(),
        })
        .collect()
}

/// Evidence that native libraries and programs look for a threat: one for each mark and file.
pub(crate) fn in_native(facts: &Facts, threat: Threat) -> Vec<Evidence> {
    let marks = threat.marks();
    let mut found = Vec::new();
    let mut companions = Vec::new();
    let mut seen = BTreeSet::new();
    for literal in facts.native_literals() {
        let Place::Native { file, offset } = literal.place else {
            continue;
        };
        let text = literal.text.as_bytes();
        let names = |mark: &&&str| memchr::memmem::find(text, mark.as_bytes()).is_some();
        let evidence = || {
            Evidence::in_file(marks.what, file)
                .offset(u64::from(offset))
                .string(literal.text.as_ref())
        };
        if let Some(mark) = marks.native.iter().find(names) {
            if seen.insert((file, *mark)) {
                found.push(evidence());
            }
        } else if let Some(mark) = marks.companions.iter().find(names)
            && text.len() < 4 * mark.len()
            && seen.insert((file, *mark))
        {
            companions.push(evidence());
        }
    }
    for (file, imports) in imports(facts) {
        let imported = |symbol: &&&str| imports.iter().any(|import| import == **symbol);
        for symbol in marks.imports.iter().filter(imported) {
            if seen.insert((file, *symbol)) {
                found.push(Evidence::in_file(marks.what, file).string(*symbol));
            }
        }
        for symbol in marks.companions.iter().filter(imported) {
            companions.push(Evidence::in_file(marks.what, file).string(*symbol));
        }
    }
    let files: BTreeSet<_> = found.iter().map(|evidence| evidence.file.clone()).collect();
    companions.retain(|evidence| files.contains(&evidence.file));
    found.extend(companions);
    found
}

/// The symbols that each native library and program imports.
fn imports(facts: &Facts) -> impl Iterator<Item = (&str, &Vec<String>)> {
    let libraries = facts
        .libraries
        .iter()
        .map(|library| (library.path.as_str(), &library.elf.imports));
    let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
    let programs = bundles.flat_map(|bundle| {
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        bundle
            .slices
            .iter()
            .map(move |slice| (file, &slice.imports))
    });
    let others = facts.macho_files.iter().flat_map(|file| {
        let slices = file.slices.iter();
        slices.map(|slice| (file.path.as_str(), &slice.imports))
    });
    libraries.chain(programs).chain(others)
}

/// Code that looks whether this file is there, in smali, for fixtures.
#[cfg(test)]
pub(crate) fn look(mark: &str) -> String {
    format!(
        "new-instance v0, Ljava/io/File;\nconst-string v1, \"{mark}\"\n\
         invoke-direct {{v0, v1}}, Ljava/io/File;-><init>(Ljava/lang/String;)V\n\
         invoke-virtual {{v0}}, Ljava/io/File;->exists()Z\n"
    )
}
