use super::{Sdk, inventory, version_in};
use crate::Facts;
use crate::facts::code::Code;
use crate::fixture::{self, native, smali};

fn named<'a>(facts: &'a Facts, name: &str) -> &'a Sdk {
    let list = inventory(facts);
    list.iter()
        .find(|sdk| sdk.name == name)
        .unwrap_or_else(|| panic!("{name} is not in {list:#?}"))
}

#[test]
fn versions_are_read_from_files_fields_methods_and_banners() {
    let code = smali::assemble(
        ".class public Lokhttp3/internal/Version;\n.super Ljava/lang/Object;\n\
         .method public static userAgent()Ljava/lang/String;\n.registers 1\n\
         const-string v0, \"okhttp/3.10.0\"\nreturn-object v0\n.end method\n\
         .class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n\
         .field public static final VERSION:Ljava/lang/String; = \"1.2.24\"\n",
    );
    let library = native::Elf {
        data: b"\0OpenSSL 1.0.1e 11 Feb 2013\0".to_vec(),
        ..native::Elf::default()
    };
    let files = [
        ("classes.dex", code),
        ("META-INF/androidx.core_core.version", b"1.9.0\n".to_vec()),
        ("lib/arm64-v8a/libnet.so", library.build()),
    ];
    let facts = fixture::facts("a.apk", fixture::apk("<application/>", &files));
    let okhttp = named(&facts, "OkHttp");
    assert_eq!(okhttp.version.as_deref(), Some("3.10.0"));
    assert_eq!(
        okhttp.versioned_purl().as_deref(),
        Some("pkg:maven/com.squareup.okhttp3/okhttp@3.10.0")
    );
    assert_eq!(
        named(&facts, "Alibaba fastjson").title(),
        "Alibaba fastjson 1.2.24"
    );
    assert_eq!(named(&facts, "AndroidX").version.as_deref(), Some("1.9.0"));
    let openssl = named(&facts, "OpenSSL");
    assert_eq!(openssl.version.as_deref(), Some("1.0.1e"));
    assert!(
        openssl.evidence[0]
            .to_string()
            .contains("lib/arm64-v8a/libnet.so")
    );
}

#[test]
fn renamed_code_is_known_by_its_strings() {
    let facts = fixture::facts_of_code(
        ".class public La/b;\n.super Ljava/lang/Object;\n\
         .method public static c()V\n.registers 1\n\
         const-string v0, \"OkHttp ConnectionPool\"\nreturn-void\n.end method\n",
    );
    assert!(
        named(&facts, "OkHttp").evidence[0]
            .to_string()
            .contains("a.b.c()V")
    );
}

#[test]
fn the_app_is_no_sdk_of_itself() {
    let text = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n";
    assert_eq!(inventory(&fixture::facts_of_code(text)), []);
    assert_eq!(Code::default().classes().count(), 0);
}

#[test]
fn a_version_is_a_number_with_a_dot() {
    assert_eq!(version_in("okhttp/3.12.1"), Some("3.12.1"));
    assert_eq!(
        version_in("BouncyCastle Security Provider v1.60"),
        Some("1.60")
    );
    assert_eq!(version_in("1.0.2k-fips  26 Jan 2017"), Some("1.0.2k-fips"));
    assert_eq!(version_in("x86 code"), None);
    assert_eq!(version_in("of 2013"), None);
}
