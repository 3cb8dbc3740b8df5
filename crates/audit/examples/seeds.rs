//! temporary
#![allow(clippy::unwrap_used, missing_docs)]
use hefu_audit::fixture::{self, native, smali, table, xml, signer, archive};
#[allow(unused)] use hefu_audit as _;
fn main() {
    let root = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let f = root.join(target); std::fs::create_dir_all(&f).unwrap();
        println!("{target}/{name} {}", bytes.len());
        std::fs::write(f.join(name), bytes).unwrap();
    };
    let manifest = "<uses-permission android:name=\"android.permission.INTERNET\"/><application android:debuggable=\"true\"><activity android:name=\".A\" android:exported=\"true\"><intent-filter><action android:name=\"x\"/></intent-filter></activity></application>";
    let code = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static run()V\n.registers 3\nconst-string v0, \"AES\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1\nreturn-void\n.end method\n";
    let dex = smali::assemble(code);
    let app = fixture::apk(manifest, &[("classes.dex", dex.clone())]);
    put("dex_file", "call", &dex);
    put("archive", "app.apk", &app);
    put("archive", "stored.zip", &archive::build(&[archive::stored("a.txt", b"text")]).bytes);
    put("package", "app.apk", &app);
    put("apk_signature", "unsigned.apk", &app);
    put("binary_xml", "manifest", &xml::compile("<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"a.b\"><application android:label=\"x\" android:debuggable=\"true\"/></manifest>"));
    put("text_xml", "layout.xml", b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><LinearLayout xmlns:android=\"http://schemas.android.com/apk/res/android\"><EditText android:inputType=\"textPassword\"/>&b;<![CDATA[x]]></LinearLayout>\n");

    let mut t = table::Table::default();
    t.add("string", "app_name", "Bank"); t.add_for("zh", "string", "app_name", "行"); t.add("string", "r", "@string/app_name");
    put("resource_table", "strings", &t.build());
    put("elf_file", "library", &native::Elf::default().build());
    put("macho_file", "program", &native::Macho::default().build());
    let key = signer::Key::new(1);
    let entries = vec![archive::stored("AndroidManifest.xml", &xml::compile("<manifest package=\"a.b\"><uses-sdk/></manifest>")), archive::stored("classes.dex", &dex)];
    let signed = signer::with_jar_signature(&key, &entries, None);
    put("apk_signature", "jar.apk", &archive::build(&signed).bytes);
    let parts = signer::Parts::new(&entries).aligned();
    let plan = signer::Plan::new(&key, parts.digest());
    put("apk_signature", "v2.apk", &parts.with_block(&[(0x7109_871a, plan.block())]));
    put("package", "signed.apk", &parts.with_block(&[(0x7109_871a, plan.block())]));
    put("idsig", "v4", &signer::idsig(&key, &parts.with_block(&[(0x7109_871a, plan.block())]), &parts.digest()));
    put("certificate", "ec", &key.certificate);
    let hap = archive::build(&[archive::stored("module.json", br#"{"app":{"bundleName":"com.bank"},"module":{"name":"entry","type":"entry","abilities":[{"name":"A","exported":true}]}}"#)]).bytes;
    put("package", "module.hap", &hap);
    put("hap_signature", "unsigned.hap", &hap);
    let ipa = fixture::zip(&[("Payload/Bank.app/Info.plist", b"<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>CFBundleIdentifier</key><string>com.bank</string><key>CFBundleExecutable</key><string>Bank</string></dict></plist>".to_vec()), ("Payload/Bank.app/Bank", native::Macho::default().build())]);
    put("package", "bank.ipa", &ipa);
    put("plist", "xml", b"<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>a</key><array><integer>1</integer><true/><data>AAEC</data><date>2026-01-01T00:00:00Z</date></array></dict></plist>");
    let mut binary = Vec::new();
    let mut d = plist::Dictionary::new(); d.insert("CFBundleIdentifier".into(), "com.bank".into()); d.insert("n".into(), plist::Value::Array(vec![1.into(), true.into()]));
    plist::Value::Dictionary(d).to_writer_binary(&mut binary).unwrap();
    put("plist", "binary", &binary);
    put("configuration", "all.toml", b"[declared]\nhosts = [\"*.bank.example\"]\n[declared.permissions]\n\"android.permission.CAMERA\" = \"codes\"\n[thresholds]\nrsa_bits_min = 3072\n[checks.android-debuggable]\nseverity = \"high\"\nreason = \"r\"\n");
    put("reviews", "one.toml", b"[[review]]\ncheck = \"android-debuggable\"\nclass = \"com.bank.*\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-06-30\n");
    // XmlNode { element: { name: 3, attribute: 4 { name 2, value 3 } } }
    let text = |field: u8, text: &[u8]| [&[field << 3 | 2, text.len() as u8], text].concat();
    let attribute = [text(2, b"package"), text(3, b"com.bank")].concat();
    let element = [text(3, b"manifest"), text(4, &attribute)].concat();
    put("protobuf", "xml", &text(1, &element));
    // ResourceTable { package: 2 { name: 2, type: 3 { name: 2, entry: 3 { name: 2 } } } }
    let entry = text(2, b"app_name");
    let kind = [text(2, b"string"), text(3, &entry)].concat();
    let package = [text(2, b"com.bank"), text(3, &kind)].concat();
    put("protobuf", "table", &text(2, &package));
}
