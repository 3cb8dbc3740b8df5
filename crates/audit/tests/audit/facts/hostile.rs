//! No bytes may make a parser panic, hang or grow without bound: valid inputs, cut and flipped at
//! random with fixed seeds, through every parser and the whole pass.

use std::hint::black_box;

use hefu_audit::facts::{Facts, harmony, ios};
use hefu_audit::{Limits, Package, arsc, axml, dex, elf, macho, property_list, xml};

use crate::fixture::{self, native, smali, table::Table};

/// A generator of numbers that are the same on every run (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(value).unwrap() % bound.max(1)
    }

    /// `bytes` with some damage: cut, bits flipped, numbers made extreme, ranges copied.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        if self.below(4) == 0 {
            damaged.truncate(self.below(bytes.len()));
        }
        for _ in 0..=self.below(4) {
            if damaged.len() < 8 {
                break;
            }
            let at = self.below(damaged.len() - 4);
            match self.below(4) {
                0 => damaged[at] ^= 1 << self.below(8),
                1 => damaged[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => damaged[at..at + 4].copy_from_slice(&[0xff; 4]),
                _ => {
                    let from = self.below(damaged.len() - 4);
                    let four: [u8; 4] = damaged[from..from + 4].try_into().unwrap();
                    damaged[at..at + 4].copy_from_slice(&four);
                }
            }
        }
        damaged
    }
}

/// Limits under which damage cannot take long.
fn limits() -> Limits {
    Limits {
        unpacked_bytes_max: 64 << 20,
        entry_bytes_max: 16 << 20,
        ..Limits::default()
    }
}

/// Runs `parse` on `rounds` damaged copies of each seed.
fn survive(seeds: &[Vec<u8>], rounds: usize, parse: impl Fn(&[u8])) {
    let mut random = Random(0x5eed);
    for seed in seeds {
        parse(seed);
        for _ in 0..rounds {
            parse(&random.damage(seed));
        }
    }
}

fn table() -> Vec<u8> {
    let mut table = Table::default();
    let name = table.add("string", "name", "Bank");
    table.add_for("zh", "string", "name", "银行");
    table.add("string", "alias", &format!("@{name:#x}"));
    table.add("bool", "flag", "true");
    table.add("layout", "main", "res/layout/main.xml");
    table.build()
}

fn document() -> Vec<u8> {
    fixture::xml::compile(
        "<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"a\">
         <application android:debuggable=\"true\"><activity android:name=\".A\">
         <intent-filter><action android:name=\"x\"/></intent-filter></activity></application></manifest>",
    )
}

fn property_lists() -> Vec<Vec<u8>> {
    let mut dictionary = plist::Dictionary::new();
    for number in 0..20_i64 {
        dictionary.insert(format!("key{number}"), plist::Value::Integer(number.into()));
    }
    let list = plist::Value::Array(vec![
        plist::Value::Data(vec![1; 300]),
        plist::Value::Real(0.5),
    ]);
    dictionary.insert("list".to_owned(), list);
    let value = plist::Value::Dictionary(dictionary);
    let (mut binary, mut text) = (Vec::new(), Vec::new());
    value.to_writer_binary(&mut binary).unwrap();
    value.to_writer_xml(&mut text).unwrap();
    vec![binary, text]
}

/// Asks for everything that is looked up late.
fn walk(facts: &Facts) {
    for call in facts.code.calls().take(2_000) {
        black_box((call.site(), call.target().definition()));
        for argument in call.arguments() {
            black_box((argument.to_string(), argument.resolve(), argument.parts()));
        }
    }
    for method in facts.code.methods().take(2_000) {
        black_box((method.instructions().count(), method.annotations().count()));
        for array in method.arrays() {
            black_box((array.type_name(), array.elements(), array.passed_to()));
        }
    }
    for class in facts.code.classes().take(2_000) {
        black_box((
            class.superclass(),
            class.interfaces().count(),
            class.source_file(),
        ));
    }
    black_box(facts.code.descendants_of("java.lang.Object").len());
    black_box(facts.code.is_a("com.bank.A", "android.content.Context"));
    black_box(facts.literals().count());
    if let Some(android) = &facts.android {
        for view in android.views() {
            black_box((view.id(), view.text(), view.text_size()));
        }
        black_box((android.provider_paths(), android.locales()));
    }
}

#[test]
fn binary_xml_and_tables() {
    let limits = limits();
    survive(&[document()], 3_000, |bytes| {
        if let Ok(document) = axml::parse(bytes, &limits) {
            for node in document.nodes() {
                black_box((node.path(), node.text(), node.attributes()));
            }
        }
    });
    survive(&[table()], 3_000, |bytes| {
        if let Ok(table) = arsc::parse(bytes, &limits) {
            for resource in table.resources() {
                black_box((
                    resource.name(),
                    resource.values(),
                    resource.bag(),
                    resource.texts(),
                ));
                let reference = hefu_audit::xml::Value::Reference(resource.id());
                black_box(table.resolve(&reference, &limits));
            }
            black_box((
                table.files().count(),
                table.strings().count(),
                table.locales(),
            ));
        }
    });
    // Anything may be taken for a message.
    survive(&[table(), document()], 500, |bytes| {
        black_box((
            arsc::parse_proto(bytes, &limits).is_ok(),
            arsc::parse_proto_xml(bytes, &limits).is_ok(),
        ));
    });
}

#[test]
fn dex_files() {
    let limits = limits();
    let seeds = [smali::assemble(super::flow::FIELDS), smali::assemble(CODE)];
    survive(&seeds, 1_500, |bytes| {
        if let Ok(files) = dex::parse(bytes, &limits) {
            let files = files.into_iter();
            let files = files.map(|dex| hefu_audit::facts::code::DexFile {
                path: String::new(),
                dex,
            });
            let code = hefu_audit::facts::Code::new(files.collect());
            for call in code.calls() {
                black_box((call.site(), call.texts(0), call.ints(0)));
            }
        }
    });
}

const CODE: &str = "
    .class public Lcom/bank/A;\n.super Landroid/app/Activity;\n.implements Ljava/lang/Runnable;
    .source \"A.java\"
    .annotation runtime Lcom/bank/Mark;\n.end annotation
    .method public static m(IJ)V\n.registers 8\n
    :start\npacked-switch p0, :table\n:a\nconst/16 v0, 16\nnew-array v1, v0, [B\n
    fill-array-data v1, :data\ninvoke-static {v1}, Lcom/bank/A;->fill([B)V\n:end\ngoto :out\n
    :b\nadd-int/lit8 v0, p0, 0x1\nif-lt v0, p0, :b\n:out\nreturn-void\n:handler\nmove-exception v2\nthrow v2\n
    .catch Ljava/lang/Exception; {:start .. :end} :handler\n
    :table\n.packed-switch 0x0\n:a\n:b\n.end packed-switch\n
    :data\n.array-data 1\n1 2 3 4\n.end array-data\n.end method
    .method static native fill([B)V\n.end method";

/// Every kind of instruction and table that calls are read from.
const OBJC: &str = "
    class Bank
    field label UILabel
    method run:
        mov x19, x0
        str x2, [sp, #8]
    again:
        ldrsw x8, =distance label
        ldr x0, [x19, x8]
        adrp x2, @\"a text\"
        bl setText:$stub
        ldr x0, =class Bank
        ldr x1, =open
        bl _objc_msgSend
        bl _objc_retain_x19
        cbz x0, again
        ldr x0, [sp, #8]
        adr x1, \"characters\"
        bl answer
        b _strcmp
    function answer
        ret";

#[test]
fn native_binaries() {
    let limits = limits();
    let elf_seeds = [native::Elf::default().build()];
    survive(&elf_seeds, 4_000, |bytes| {
        black_box(elf::parse(bytes, &limits).is_ok());
    });
    let macho = native::Macho {
        objc: OBJC.to_owned(),
        ..native::Macho::default()
    }
    .build();
    let fat = {
        let mut fat = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1];
        let words = [
            0x0100_000c_u32,
            0,
            28,
            u32::try_from(macho.len()).unwrap(),
            0,
        ];
        fat.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        [fat, macho.clone()].concat()
    };
    survive(&[macho, fat], 4_000, |bytes| {
        black_box(macho::parse(bytes, &limits).is_ok());
    });
}

#[test]
fn property_lists_profiles_texts_and_json() {
    let limits = limits();
    survive(&property_lists(), 3_000, |bytes| {
        black_box((
            property_list::parse(bytes, &limits).is_ok(),
            ios::provisioning_profile(bytes, &limits).is_ok(),
        ));
    });
    let text = b"<?xml version=\"1.0\"?><a xmlns:x=\"y\" x:b=\"&lt;c&#65;\"><!-- d --><e>f</e><![CDATA[g]]></a>";
    survive(&[text.to_vec()], 5_000, |bytes| {
        black_box(xml::parse(bytes, &limits).is_ok());
    });
    let json = b"{ // c\n \"app\": {\"bundleName\": \"b\"}, \"module\": {\"abilities\": [{\"skills\": []}],}, }";
    survive(&[json.to_vec()], 3_000, |bytes| {
        if let Ok(values) = harmony::json(bytes, &limits) {
            black_box((
                harmony::HarmonyNetwork::read("f", &values),
                harmony::HarmonyProfile::read("f", values.clone())
                    .map(|profile| profile.validity()),
                harmony::Module::read("f", values),
            ));
        }
    });
}

/// Whole packages: damage anywhere, also in the archive around the parts.
#[test]
fn packages() {
    let files = [
        ("classes.dex", smali::assemble(CODE)),
        ("resources.arsc", table()),
        ("res/layout/main.xml", document()),
        ("lib/arm64-v8a/liba.so", native::Elf::default().build()),
        ("assets/a.json", b"{}".to_vec()),
    ];
    // Stored, so that damage reaches the parsers instead of ending in the inflater.
    let mut entries = vec![crate::archive::stored("AndroidManifest.xml", &document())];
    entries.extend(
        files
            .iter()
            .map(|(name, content)| crate::archive::stored(name, content)),
    );
    let seed = crate::archive::build(&entries).bytes;
    let limits = limits();
    survive(&[seed], 400, |bytes| {
        if let Ok(package) = Package::from_bytes("a.apk", bytes.to_vec(), &limits) {
            walk(&Facts::read(&package, &limits));
        }
    });
}

/// The same with packages from outside, where they are present.
#[test]
fn packages_from_outside() {
    let Some(apps) = super::apps() else {
        eprintln!("skipped: no ../shared/apps");
        return;
    };
    let limits = limits();
    let read = |path: &str| std::fs::read(apps.join(path)).unwrap();
    let seeds = [
        read("real/UnCrackable-Level1.apk"),
        read("real/UnCrackable-Level1.ipa"),
        read("real/app1-unsigned.hap"),
    ];
    survive(&seeds, 40, |bytes| {
        if let Ok(package) = Package::from_bytes("a.apk", bytes.to_vec(), &limits) {
            walk(&Facts::read(&package, &limits));
        }
    });
}
