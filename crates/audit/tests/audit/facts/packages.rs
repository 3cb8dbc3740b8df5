//! Packages of every kind, built for the test: what is found, and what is said when something is
//! missing or broken.

use hefu_audit::elf::Relro;
use hefu_audit::facts::android::TextSize;
use hefu_audit::facts::{Area, FileKind, Place, SkipReason};
use hefu_audit::package::SourceFile;
use hefu_audit::property_list::Value;
use hefu_audit::zip::Disagreement;
use hefu_audit::{Facts, Limits, OpenError, Package, PackageKind};

use crate::archive::{build, deflated, stored};
use crate::fixture::{apk, facts, facts_of_code, native, smali, table::Table, xml};

const ANDROID: &str = "xmlns:android=\"http://schemas.android.com/apk/res/android\"";

#[test]
fn references_lead_through_the_table_to_files_and_values() {
    let mut table = Table::default();
    let debug = table.add("bool", "debug", "true");
    table.add_for("zh", "bool", "debug", "false");
    let label = table.add("string", "app_name", "Bank");
    table.add_for("zh", "string", "app_name", "银行");
    let alias = table.add("string", "alias", &format!("@{label:#x}"));
    let cycle = table.add("string", "cycle", "@0x7f020003");
    assert_eq!(cycle, 0x7f02_0002);
    table.add("string", "cycle2", &format!("@{cycle:#x}"));
    let network = table.add("xml", "network", "res/a.xml");
    let paths = table.add("xml", "paths", "res/b.xml");
    let manifest = format!(
        "<uses-sdk android:minSdkVersion=\"24\" android:targetSdkVersion=\"34\"/>
         <application android:debuggable=\"@{debug:#x}\" android:label=\"@{alias:#x}\"
          android:networkSecurityConfig=\"@{network:#x}\">
          <provider android:name=\".Files\" android:authorities=\"com.bank.files\">
           <meta-data android:name=\"android.support.FILE_PROVIDER_PATHS\" android:resource=\"@{paths:#x}\"/>
          </provider></application>"
    );
    let security = xml::compile(
        "<network-security-config><base-config cleartextTrafficPermitted=\"true\"/>
         <domain-config><domain includeSubdomains=\"true\">bank.example</domain>
         <pin-set><pin digest=\"SHA-256\">AAAA</pin></pin-set></domain-config></network-security-config>",
    );
    let provider = xml::compile("<paths><root-path name=\"all\" path=\".\"/></paths>");
    let facts = facts(
        "a.apk",
        apk(
            &manifest,
            &[
                ("resources.arsc", table.build()),
                ("res/a.xml", security),
                ("res/b.xml", provider),
            ],
        ),
    );
    assert!(
        facts.analysis_incomplete().is_empty(),
        "{:?}",
        facts.analysis_incomplete()
    );
    let android = facts.android.as_ref().unwrap();
    let manifest = android.manifest().unwrap();
    // True in one configuration counts.
    assert_eq!(manifest.application.debuggable, Some(true));
    assert_eq!(manifest.application.label.as_deref(), Some("Bank"));
    assert_eq!(manifest.version_code, Some(7));
    assert_eq!(android.locales().into_iter().collect::<Vec<_>>(), ["zh"]);
    // The folder's name says nothing; the table does.
    let network = android.network_security.as_ref().unwrap();
    assert_eq!(network.file, "res/a.xml");
    assert_eq!(
        network
            .config_for("api.bank.example")
            .pins
            .as_ref()
            .unwrap()
            .pins
            .len(),
        1
    );
    assert_eq!(android.permits_cleartext_by_default(), Some(true));
    let paths = android.provider_paths();
    assert_eq!(
        (paths[0].kind.as_str(), paths[0].path.as_str()),
        ("root-path", ".")
    );
    // A cycle of references ends.
    let table = android.resources.as_ref().unwrap();
    let value = hefu_audit::xml::Value::Reference(cycle);
    assert_eq!(android.resolve(&value), hefu_audit::xml::Value::Null);
    assert_eq!(table.name_of(label).as_deref(), Some("string/app_name"));
    let texts: Vec<_> = facts
        .resource_literals()
        .map(|literal| literal.text.into_owned())
        .collect();
    assert!(texts.contains(&"银行".to_owned()));
}

#[test]
fn unused_resources_can_be_told() {
    let mut table = Table::default();
    let by_code = table.add("string", "by_code", "a");
    let by_table = table.add("string", "by_table", "b");
    let by_xml = table.add("string", "by_xml", "c");
    let by_drawing = table.add("string", "by_drawing", "d");
    let unused = table.add("string", "unused", &format!("@{by_table:#x}"));
    let by_field = table.add("string", "by_field", "e");
    let listed = table.add("string", "listed", "f");
    // The generated list of all resources uses none; what reads it does.
    let code = format!(
        ".class Lcom/bank/R$string;\n.super Ljava/lang/Object;\n
         .field static final by_field:I = {by_field}\n.field static final listed:I = {listed}\n
         .class Lcom/bank/B;\n.super Ljava/lang/Object;\n.method static m()V\n.registers 2\n
         sget v0, Lcom/bank/R$string;->by_field:I\nreturn-void\n.end method\n"
    ) + &format!(
        ".class Lcom/bank/A;\n.super Ljava/lang/Object;\n.method static m()V\n.registers 2\n
         const v0, {by_code:#x}\nreturn-void\n.end method"
    );
    let layout = xml::compile(&format!(
        "<TextView {ANDROID} android:text=\"@{by_xml:#x}\"/>"
    ));
    let drawing = xml::compile(&format!(
        "<vector {ANDROID} android:name=\"@{by_drawing:#x}\"/>"
    ));
    let files = [
        ("classes.dex", smali::assemble(&code)),
        ("resources.arsc", table.build()),
        ("res/layout/a.xml", layout),
        ("res/drawable/b.xml", drawing),
    ];
    let facts = facts("a.apk", apk("<application/>", &files));
    let android = facts.android.as_ref().unwrap();
    let (in_code, in_xml) = (facts.code.resource_ids(), android.referenced_ids());
    let all = android.resources.as_ref().unwrap().resources();
    let left: Vec<u32> = all
        .map(|resource| resource.id())
        .filter(|id| !in_code.contains(id) && !in_xml.contains(id))
        .collect();
    assert_eq!(left, [unused, listed]);
}

#[test]
fn a_configuration_that_is_missing_is_not_a_pass() {
    let manifest = "<application android:networkSecurityConfig=\"@0x7f010000\"/>";
    let facts = facts("a.apk", apk(manifest, &[]));
    let skipped = facts.analysis_incomplete();
    assert_eq!(skipped.len(), 1);
    assert_eq!(
        (skipped[0].area, &skipped[0].why),
        (Area::Xml, &SkipReason::Missing)
    );
}

#[test]
fn layouts_keep_what_checks_ask() {
    let layout = xml::compile(&format!(
        "<LinearLayout {ANDROID}><EditText android:inputType=\"0x81\" android:textSize=\"18\"/>
         <ImageButton android:contentDescription=\"pay\"/></LinearLayout>"
    ));
    let drawing = xml::compile("<vector/>");
    let files = [
        ("res/layout/a.xml", layout),
        ("res/drawable/b.xml", drawing),
    ];
    let facts = facts("a.apk", apk("<application/>", &files));
    let android = facts.android.as_ref().unwrap();
    assert_eq!(android.documents.len(), 1);
    let views: Vec<_> = android.views().collect();
    assert!(views[1].is_hidden_password() && views[1].is_input());
    assert_eq!(views[1].text_size(), Some(TextSize::Other));
    assert_eq!(views[2].content_description().as_deref(), Some("pay"));
    assert_eq!(views[2].xml_path(), "/LinearLayout/ImageButton");
}

#[test]
fn files_are_what_they_contain() {
    let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec();
    let files = [
        ("lib/arm64-v8a/libpay.so", native::Elf::default().build()),
        ("assets/key.txt", key.clone()),
        ("assets/copy.txt", key),
        (
            "assets/config.json",
            b"{\"url\": \"http://10.1.2.3/api\"}\nsecond line".to_vec(),
        ),
        ("META-INF/androidx.core_core.version", b"1.9.0\n".to_vec()),
        ("assets/users.db", b"SQLite format 3\0....".to_vec()),
    ];
    let facts = facts("a.apk", apk("<application/>", &files));
    let kind = |path| facts.files.find(path).unwrap().kind;
    assert_eq!(kind("assets/key.txt"), FileKind::PrivateKey);
    assert_eq!(kind("assets/users.db"), FileKind::Database);
    assert_eq!(kind("AndroidManifest.xml"), FileKind::BinaryXml);
    assert_eq!(facts.files.duplicates(1).len(), 1);
    assert_eq!(facts.library_versions[0].name, "core");
    let elf = &facts.libraries[0].elf;
    assert!(elf.nx && elf.stack_canary && elf.relro == Relro::Full && elf.supports_16k_pages());
    assert_eq!(
        elf.jni_exports().collect::<Vec<_>>(),
        ["Java_com_bank_Native_check"]
    );
    assert_eq!(elf.fortified, ["__memcpy_chk"]);
    let found = facts
        .literals()
        .find(|literal| literal.text.contains("10.1.2.3"))
        .unwrap();
    assert_eq!(
        found.place,
        Place::Text {
            file: "assets/config.json",
            line: 1
        }
    );
    let found = facts
        .literals()
        .find(|literal| literal.text == "/proc/self/maps")
        .unwrap();
    assert!(matches!(
        found.place,
        Place::Native {
            file: "lib/arm64-v8a/libpay.so",
            ..
        }
    ));
    assert!(facts.analysis_incomplete().is_empty());
}

#[test]
fn native_libraries_show_what_is_wrong_with_them() {
    let limits = Limits::default();
    let bad = native::Elf {
        executable_stack: true,
        relro: false,
        bind_now: false,
        alignment: 4_096,
        rpath: Some("/data/local/tmp"),
        imports: vec!["strcpy"],
        ..native::Elf::default()
    };
    let elf = hefu_audit::elf::parse(&bad.build(), &limits).unwrap();
    assert!(!elf.nx && !elf.stack_canary && elf.relro == Relro::None && !elf.supports_16k_pages());
    assert_eq!(elf.rpath.as_deref(), Some("/data/local/tmp"));
    assert_eq!(elf.fortifiable, ["strcpy"]);
    let partial = native::Elf {
        bind_now: false,
        ..native::Elf::default()
    };
    let elf = hefu_audit::elf::parse(&partial.build(), &limits).unwrap();
    assert_eq!(elf.relro, Relro::Partial);
    assert_eq!(elf.needed, ["libc.so"]);
}

#[test]
fn ios_packages_have_programs_entitlements_and_profiles() {
    let info = b"<?xml version=\"1.0\"?><plist><dict><key>CFBundleIdentifier</key><string>com.bank</string>
        <key>CFBundleExecutable</key><string>Bank</string></dict></plist>";
    let profile = b"0\x82..<?xml version=\"1.0\"?><plist><dict><key>Entitlements</key><dict>
        <key>get-task-allow</key><true/></dict></dict></plist>....";
    let program = native::Macho::default().build();
    let entries = [
        stored("Payload/Bank.app/Info.plist", info),
        stored("Payload/Bank.app/Bank", &program),
        stored("Payload/Bank.app/embedded.mobileprovision", profile),
        stored("Payload/Bank.app/Settings.bundle/Root.plist", info),
    ];
    let facts = facts("a.ipa", build(&entries).bytes);
    assert_eq!(facts.kind, PackageKind::Ipa);
    assert!(
        facts.analysis_incomplete().is_empty(),
        "{:?}",
        facts.analysis_incomplete()
    );
    let app = facts.ios.as_ref().unwrap().app().unwrap();
    let slice = &app.slices[0];
    assert_eq!(slice.architecture, "arm64");
    assert!(slice.pie && slice.stack_canary && slice.arc && slice.stripped && !slice.encrypted);
    let platform = slice.platform.as_ref().unwrap();
    assert_eq!(
        (platform.minimum.as_str(), platform.sdk.as_str()),
        ("15.0", "17.2")
    );
    let allow = app
        .entitlements()
        .unwrap()
        .get("get-task-allow")
        .and_then(Value::bool);
    assert_eq!(allow, Some(false));
    assert_eq!(app.profile.as_ref().unwrap().get_task_allow(), Some(true));
    assert_eq!(facts.property_lists.len(), 1);
    assert_eq!(facts.application_id(), Some("com.bank"));
    let hello = facts
        .native_literals()
        .find(|literal| literal.text == "hello, world")
        .unwrap();
    assert!(matches!(
        hello.place,
        Place::Native {
            file: "Payload/Bank.app/Bank",
            ..
        }
    ));
}

#[test]
fn encrypted_and_missing_programs_are_reported() {
    let info = b"<?xml version=\"1.0\"?><plist><dict><key>CFBundleExecutable</key><string>Bank</string></dict></plist>";
    let encrypted = native::Macho {
        encrypted: true,
        locals: vec!["_local"],
        ..native::Macho::default()
    };
    let with = |program: Option<Vec<u8>>| {
        let mut entries = vec![stored("Payload/Bank.app/Info.plist", info)];
        entries.extend(program.map(|bytes| stored("Payload/Bank.app/Bank", &bytes)));
        facts("a.ipa", build(&entries).bytes)
    };
    let facts = with(Some(encrypted.build()));
    assert_eq!(facts.analysis_incomplete()[0].why, SkipReason::Encrypted);
    let slice = &facts.ios.as_ref().unwrap().app().unwrap().slices[0];
    assert!(slice.encrypted && !slice.stripped && slice.strings.is_empty());
    assert_eq!(with(None).analysis_incomplete()[0].why, SkipReason::Missing);
    assert!(
        with(Some(native::Macho::default().build()))
            .analysis_incomplete()
            .is_empty()
    );
}

#[test]
fn harmony_modules_are_described() {
    let module = br#"{"app":{"bundleName":"com.bank","debug":true,"minAPIVersion":9},
        "module":{"name":"entry","type":"entry","requestPermissions":[{"name":"ohos.permission.INTERNET"}],
        "abilities":[{"name":"Main","exported":true}]}}"#;
    let network =
        br#"{"network-security-config":{"base-config":{"cleartextTrafficPermitted":true}}}"#;
    let entries = [
        stored("module.json", module),
        stored("ets/modules.abc", b"PANDA\0\0\0...."),
        stored("resources/base/profile/network_config.json", network),
        stored("libs/arm64/libpay.so", &native::Elf::default().build()),
    ];
    let hap = build(&entries).bytes;
    let facts_of_hap = facts("a.hap", hap.clone());
    assert_eq!(facts_of_hap.kind, PackageKind::Hap);
    let harmony = facts_of_hap.harmony.as_ref().unwrap();
    let entry = harmony.module().unwrap();
    assert_eq!((entry.debug, entry.min_api), (Some(true), Some(9)));
    assert!(entry.abilities[0].exported);
    assert_eq!(harmony.network[0].cleartext_permitted, Some(true));
    assert_eq!(harmony.bytecode, ["ets/modules.abc"]);
    assert_eq!(facts_of_hap.libraries.len(), 1);
    // The same inside of an app.
    let app = build(&[stored("pack.info", b"{}"), stored("entry.hap", &hap)]).bytes;
    let facts_of_app = facts("a.app", app);
    assert_eq!(facts_of_app.kind, PackageKind::HarmonyApp);
    let module = &facts_of_app.harmony.as_ref().unwrap().modules[0];
    assert_eq!(module.file, "entry.hap!/module.json");
    assert_eq!(facts_of_app.application_id(), Some("com.bank"));
}

#[test]
fn splits_belong_together() {
    let code = smali::assemble(".class Lcom/bank/A;\n.super Ljava/lang/Object;");
    let base = apk(
        "<application android:debuggable=\"true\"/>",
        &[("classes.dex", code)],
    );
    let split_manifest = xml::compile(&format!(
        "<manifest {ANDROID} package=\"com.bank\" split=\"config.arm64_v8a\"><application/></manifest>"
    ));
    let split = build(&[
        stored("AndroidManifest.xml", &split_manifest),
        stored("lib/arm64-v8a/libpay.so", &native::Elf::default().build()),
    ])
    .bytes;
    let set = build(&[stored("config.apk", &split), stored("base.apk", &base)]).bytes;
    let facts = facts("a.apks", set);
    assert_eq!(facts.kind, PackageKind::ApkSet);
    let android = facts.android.as_ref().unwrap();
    assert_eq!(android.manifests.len(), 2);
    assert!(android.manifest().unwrap().application.is_debuggable());
    assert_eq!(
        android.manifest().unwrap().file,
        "base.apk!/AndroidManifest.xml"
    );
    assert_eq!(facts.libraries[0].part, "config.apk");
    assert_eq!(facts.coverage.classes_total, 1);
    assert!(
        facts.analysis_incomplete().is_empty(),
        "{:?}",
        facts.analysis_incomplete()
    );
}

#[test]
fn source_trees_are_read_as_sources() {
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        content: Ok(text.as_bytes().to_vec()),
    };
    let manifest = format!(
        "<manifest {ANDROID}><application android:allowBackup=\"false\" android:label=\"@string/name\"
         android:networkSecurityConfig=\"@xml/net\"><activity android:name=\".Main\" android:exported=\"true\"/>
         </application></manifest>"
    );
    let sources = vec![
        file(
            "app/build.gradle",
            "applicationId 'com.bank'\nminSdk 24\nimplementation 'a.b:c:1.0'",
        ),
        file("app/src/main/AndroidManifest.xml", &manifest),
        file(
            "app/src/main/java/A.java",
            "String url = \"http://x\"; // TODO by someone",
        ),
        file(
            "app/src/main/res/values/strings.xml",
            "<resources><string name=\"name\">Bank</string></resources>",
        ),
        file(
            "app/src/main/res/xml/net.xml",
            "<network-security-config><base-config cleartextTrafficPermitted=\"false\"/></network-security-config>",
        ),
        file(
            "entry/src/main/module.json5",
            "{ // comment\n \"module\": {\"name\": \"entry\", \"type\": \"entry\",}, }",
        ),
        file(
            "AppScope/app.json5",
            "{\"app\": {\"bundleName\": \"com.bank.harmony\"}}",
        ),
    ];
    let package = Package::from_sources("tree", sources);
    let facts = Facts::read(&package, &Limits::default());
    assert!(
        facts.analysis_incomplete().is_empty(),
        "{:?}",
        facts.analysis_incomplete()
    );
    let android = facts.android.as_ref().unwrap();
    // The build script knows what the manifest does not say.
    let manifest = android.manifest().unwrap();
    assert_eq!(
        (manifest.package.as_str(), manifest.min_sdk.api),
        ("com.bank", 24)
    );
    assert_eq!(manifest.components[0].name, "com.bank.Main");
    let application = &manifest.application;
    assert_eq!(
        (application.allow_backup, application.label.as_deref()),
        (Some(false), Some("Bank"))
    );
    assert_eq!(android.permits_cleartext_by_default(), Some(false));
    assert!(android.components().next().unwrap().exported);
    assert_eq!(facts.gradle[0].min_sdk, Some(24));
    assert_eq!(facts.library_versions[0].name, "c");
    let harmony = facts.harmony.as_ref().unwrap();
    assert_eq!(
        harmony.modules[0].bundle_name.as_deref(),
        Some("com.bank.harmony")
    );
    assert!(
        facts
            .literals()
            .any(|literal| literal.text.contains("http://x"))
    );
}

#[test]
fn app_bundles_are_read() {
    use std::iter::once;
    let text = |field: u8, value: &[u8]| -> Vec<u8> {
        assert!(value.len() < 128);
        let length = u8::try_from(value.len()).unwrap();
        [field << 3 | 2, length]
            .into_iter()
            .chain(value.iter().copied())
            .collect()
    };
    let attribute = [text(1, b""), text(2, b"package"), text(3, b"com.bank")].concat();
    let element = [text(3, b"manifest"), text(4, &attribute)].concat();
    let manifest: Vec<u8> = text(1, &element);
    let entries = [
        stored("BundleConfig.pb", b"\0"),
        stored("base/manifest/AndroidManifest.xml", &manifest),
        stored(
            "base/dex/classes.dex",
            &smali::assemble(".class LA;\n.super Ljava/lang/Object;"),
        ),
    ];
    let facts = facts("a.aab", build(&entries).bytes);
    assert_eq!(facts.kind, PackageKind::Aab);
    assert_eq!(facts.application_id(), Some("com.bank"));
    assert_eq!(facts.coverage.classes_total, 1);
    assert!(once(&facts).all(|facts| facts.analysis_incomplete().is_empty()));
}

#[test]
fn what_cannot_be_unpacked_is_missing_from_its_own_area_too() {
    let manifest = xml::compile(&format!(
        "<manifest {ANDROID} package=\"com.bank\"><application/></manifest>"
    ));
    let mut library = deflated("lib/x86/liba.so", &native::Elf::default().build());
    library.packed.truncate(20);
    let mut picture = deflated("res/drawable/a.png", &[7; 600]);
    picture.packed.truncate(4);
    let facts = |entries: &[_]| facts("a.apk", build(entries).bytes);
    let manifest = deflated("AndroidManifest.xml", &manifest);
    let broken = facts(&[manifest.clone(), library]).coverage;
    assert!(broken.is_incomplete(Area::Archive) && broken.is_incomplete(Area::Native));
    let other = facts(&[manifest, picture]).coverage;
    assert!(other.is_incomplete(Area::Archive) && !other.is_incomplete(Area::Native));
}

#[test]
fn broken_files_are_named_and_the_others_read() {
    let good = apk(
        "<application/>",
        &[("lib/x86/liba.so", native::Elf::default().build())],
    );
    assert!(facts("a.apk", good).analysis_incomplete().is_empty());
    let files = [
        ("classes.dex", b"dex\n035\0short".to_vec()),
        ("classes2.dex", b"not dex".to_vec()),
        ("lib/x86/liba.so", b"\x7fELF\x02\x01\x01".to_vec()),
        ("res/layout/a.xml", b"\x03\0\x08\0\xff\xff".to_vec()),
        ("resources.arsc", b"\x02\0\x0c\0\x08\0\0\0".to_vec()),
    ];
    let facts = facts("a.apk", apk("<application/>", &files));
    let missing: Vec<_> = facts
        .analysis_incomplete()
        .iter()
        .map(|skipped| (skipped.area, skipped.what.as_str()))
        .collect();
    assert_eq!(
        missing,
        [
            (Area::Code, "classes.dex"),
            (Area::Code, "classes2.dex"),
            (Area::Native, "lib/x86/liba.so"),
            (Area::Xml, "res/layout/a.xml"),
        ]
    );
    // An empty table is empty, not broken.
    assert_eq!(
        facts
            .android
            .as_ref()
            .unwrap()
            .resources
            .as_ref()
            .unwrap()
            .resources()
            .count(),
        0
    );
    assert_eq!(facts.android.as_ref().unwrap().manifests.len(), 1);
}

#[test]
fn a_package_without_its_manifest_is_incomplete() {
    let facts_of = |entries: &[_]| facts("a.apk", build(entries).bytes);
    let without = facts_of(&[stored("classes.dex", b"dex\n035\0")]);
    assert!(without.coverage.is_incomplete(Area::Manifest));
    let broken = facts_of(&[stored("AndroidManifest.xml", b"\x03\0\x08\0")]);
    let skipped: Vec<_> = broken.coverage.missing_from(Area::Manifest).collect();
    assert_eq!(skipped.len(), 1);
    let wrong = facts_of(&[stored("AndroidManifest.xml", &xml::compile("<other/>"))]);
    assert!(wrong.coverage.is_incomplete(Area::Manifest));
    let twice = xml::compile("<manifest package=\"a\"/>");
    let double = facts_of(&[
        stored("AndroidManifest.xml", &twice),
        stored("AndroidManifest.xml", &twice),
    ]);
    assert_eq!(double.analysis_incomplete()[0].why, SkipReason::Duplicate);
    assert!(matches!(
        double.archives[0].disagreements[0],
        Disagreement::DuplicateName { .. }
    ));
}

#[test]
fn limits_cut_in_order_and_say_so() {
    let text = vec![b'a'; 1_000];
    let files = [
        ("assets/a.txt", text.clone()),
        ("assets/b.txt", text.clone()),
        ("assets/c.txt", text),
    ];
    let bytes = apk("<application/>", &files);
    let read = |limits: &Limits| {
        Facts::read(
            &Package::from_bytes("a.apk", bytes.clone(), limits).unwrap(),
            limits,
        )
    };
    let facts = read(&Limits::default());
    assert_eq!(facts.texts.len(), 3);
    assert!(facts.analysis_incomplete().is_empty());
    // The manifest comes first and takes its share.
    let manifest = facts.files.find("AndroidManifest.xml").unwrap().size;
    let room = usize::try_from(manifest).unwrap() + 1_500;
    let facts = read(&Limits {
        text_total_bytes_max: room,
        ..Limits::default()
    });
    let kept: Vec<_> = facts
        .texts
        .iter()
        .map(|file| (file.text.len(), file.truncated))
        .collect();
    assert_eq!(kept, [(1_000, false), (500, true)]);
    assert_eq!(facts.coverage.missing_from(Area::Text).count(), 2);
    // What does not fit in at all is refused.
    let small = Limits {
        input_bytes_max: 10,
        ..Limits::default()
    };
    let refused = Package::from_bytes("a.apk", bytes.clone(), &small);
    assert!(matches!(refused, Err(OpenError::TooLarge { .. })));
    let small = Limits {
        skipped_max: 1,
        text_total_bytes_max: 0,
        ..Limits::default()
    };
    let facts = read(&small);
    assert_eq!(
        (
            facts.analysis_incomplete().len(),
            facts.coverage.skipped_total
        ),
        (1, 3)
    );
}

#[test]
fn what_is_no_package_is_refused() {
    let limits = Limits::default();
    let open = |name: &str, bytes: Vec<u8>| Package::from_bytes(name, bytes, &limits);
    assert!(matches!(
        open("a.apk", b"no archive".to_vec()),
        Err(OpenError::Archive(_))
    ));
    let zip = build(&[deflated("readme.txt", b"hello")]).bytes;
    assert!(matches!(
        open("a.zip", zip.clone()),
        Err(OpenError::Unrecognised)
    ));
    // The name decides only where the content does not.
    assert_eq!(open("a.hap", zip).unwrap().kind(), PackageKind::Hap);
}

#[test]
fn the_same_bytes_give_the_same_facts() {
    let files = [
        ("classes.dex", smali::assemble(super::flow::FIELDS)),
        ("lib/x86/liba.so", native::Elf::default().build()),
    ];
    let bytes = apk("<application/>", &files);
    let summary = || {
        let facts = facts("a.apk", bytes.clone());
        let calls: Vec<String> = facts.code.calls().map(|call| format!("{call:?}")).collect();
        let literals: Vec<String> = facts
            .literals()
            .map(|literal| literal.text.into_owned())
            .collect();
        (calls, literals, format!("{:?}", facts.coverage))
    };
    assert_eq!(summary(), summary());
}

#[test]
fn texts_and_types_are_found_by_their_beginnings() {
    let facts = facts_of_code(
        ".class Lcom/bank/A;\n.super Ljava/lang/Object;\n.method static m()V\n.registers 4\n
         const-string v0, \"content://sms/inbox\"\nconst-string v1, \"content\"\n
         invoke-static {}, Landroid/hardware/Camera;->open()Landroid/hardware/Camera;\n
         return-void\n.end method",
    );
    let found: Vec<_> = facts
        .code
        .texts_starting("content://")
        .iter()
        .map(|text| text.value().into_owned())
        .collect();
    assert_eq!(found, ["content://sms/inbox"]);
    for named in ["android.hardware.Camera", "android.hardware.", "com.bank.A"] {
        assert!(facts.code.names_type(named), "{named}");
    }
    for unnamed in [
        "android.hardware.Cam",
        "android.hardware.camera2.",
        "com.bank.A.B",
    ] {
        assert!(!facts.code.names_type(unnamed), "{unnamed}");
    }
}
