//! Rows about code: each names a class and method, and says what the method does.

use hefu_audit::facts::code::{Call, Method};
use hefu_audit::facts::{Facts, Origin};
use hefu_audit::macho::Callee;

use super::{Outcome, holds};

const BANK: &str = "com.android.insecurebankv2";

pub(super) fn check(facts: &Facts, fact: &str, value: &str) -> Outcome {
    match fact {
        "code.absent" => return absent(facts, value),
        "code.count" => return count(facts),
        "code.not_obfuscated" => return not_obfuscated(facts),
        "code.obfuscated" => return obfuscated(facts),
        "code.secret_in_hidden_ui" | "code.plain_compare_of_secret" => {
            return objc(facts, fact, value);
        }
        _ => {}
    }
    let (place, _) = value.split_once(" : ").unwrap();
    let Some((class, signature)) = split_place(place) else {
        // The one row about a field.
        let field = facts
            .code
            .class(place)
            .unwrap()
            .fields()
            .find(|field| field.name() == "xorkey");
        let initial = field
            .unwrap()
            .initial_value()
            .and_then(|value| value.text());
        return holds(initial.as_deref() == Some("pizzapizzapizzapizzapizz"));
    };
    let method = facts.code.class(class).and_then(|class| {
        class
            .methods()
            .find(|method| method.signature() == signature)
    });
    let Some(method) = method else {
        return Outcome::Miss("no such method".to_owned());
    };
    match shown(facts, fact, class, method) {
        Some(shown) => holds(shown),
        None => Outcome::Miss("nothing looks for this".to_owned()),
    }
}

/// `a.b.C.m(I)V` as class and signature.
fn split_place(place: &str) -> Option<(&str, &str)> {
    let (path, _) = place.split_once('(')?;
    let dot = path.rfind('.')?;
    Some((&place[..dot], &place[dot + 1..]))
}

/// The calls of `method` to a method of this name.
fn calls<'a>(method: Method<'a>, name: &str) -> Vec<Call<'a>> {
    method
        .calls()
        .filter(|call| call.target().name() == name)
        .collect()
}

fn calls_it(method: Method<'_>, name: &str) -> bool {
    !calls(method, name).is_empty()
}

fn loads(method: Method<'_>, text: &str) -> bool {
    method.texts().any(|found| found.value().contains(text))
}

/// Whether some call of this name has this string at this place of its signature.
fn passes(method: Method<'_>, name: &str, number: usize, text: &str) -> bool {
    calls(method, name)
        .iter()
        .any(|call| call.texts(number).iter().any(|found| found == text))
}

fn passes_int(method: Method<'_>, name: &str, number: usize, value: i64) -> bool {
    calls(method, name)
        .iter()
        .any(|call| call.ints(number) == [value])
}

/// Whether `method` writes the string to the field.
fn writes(method: Method<'_>, field: &str, text: &str) -> bool {
    method.field_accesses().any(|access| {
        access.field().name() == field
            && access
                .value()
                .is_some_and(|value| value.text().as_deref() == Some(text))
    })
}

/// Whether a string that is put together in `method` can contain `text`, through fields too.
fn builds(method: Method<'_>, text: &str) -> bool {
    let arguments = method
        .calls()
        .flat_map(|call| call.arguments().collect::<Vec<_>>());
    let parts = arguments.flat_map(|argument| argument.parts());
    parts
        .flat_map(|part| part.resolve())
        .any(|value| value.text().is_some_and(|found| found.contains(text)))
}

fn is_parameter(origin: Option<Origin<'_>>) -> bool {
    matches!(origin, Some(Origin::Parameter(parameter)) if !parameter.is_this())
}

/// Whether the facts show in `method` what the row says; `None` for a row of a new kind.
fn shown(facts: &Facts, fact: &str, class: &str, method: Method<'_>) -> Option<bool> {
    Some(match fact {
        "code.hardcoded_crypto_key" if class.starts_with(BANK) => {
            writes(method, "key", "This is the super secret key 123")
        }
        "code.hardcoded_crypto_key" => {
            let hexadecimal =
                |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
            method.texts().any(|text| hexadecimal(&text.value()))
                && calls(method, "decode")
                    .iter()
                    .any(|call| call.texts(0).len() == 1)
        }
        "code.static_zero_iv" => method.field_accesses().any(|access| {
            let Some(Origin::Array(array)) = access.value() else {
                return false;
            };
            access.field().name() == "ivBytes"
                && array.bytes() == Some(vec![0; 16])
                && array.passed_to().is_empty()
        }),
        "code.cbc_no_mac" => passes(method, "getInstance", 0, "AES/CBC/PKCS5Padding"),
        "code.hardcoded_key_reaches_cipher" => {
            let call = method
                .calls()
                .find(|call| call.target().name().starts_with("aes256"));
            let call = call.unwrap();
            let iv = call.argument(0).unwrap().resolve();
            matches!(iv.as_slice(), [Origin::Array(iv)] if iv.bytes() == Some(vec![0; 16]))
                && call.texts(1) == ["This is the super secret key 123"]
        }
        "code.log_credentials" if calls_it(method, "d") => {
            let call = calls(method, "d")[0];
            let parts = call.argument(1).unwrap().parts();
            call.texts(0) == ["Successful Login:"]
                && parts
                    .iter()
                    .any(|part| part.text().as_deref() == Some(", account="))
        }
        "code.log_credentials" | "code.log_pii" | "code.log_transaction" => {
            calls(method, "println").iter().any(|call| {
                call.target().class_name() == "java.io.PrintStream"
                    && call.argument(0).unwrap().parts().len() > 1
            })
        }
        "code.hidden_backdoor_account" => {
            passes(method, "equals", 0, "devadmin") && loads(method, "/devlogin")
        }
        "code.cleartext_credentials" => builds(method, "http://") && loads(method, "/"),
        "code.cleartext_http_base" => writes(method, "protocol", "http://"),
        "code.credentials_in_shared_prefs" => {
            passes(method, "getSharedPreferences", 0, "mySharedPreferences")
                && passes_int(method, "getSharedPreferences", 1, 0)
                && passes(method, "putString", 0, "EncryptedUsername")
                && passes(method, "putString", 0, "superSecurePassword")
        }
        "code.autofill_stored_password" => {
            passes(method, "getString", 0, "superSecurePassword")
                && calls_it(method, "aesDeccryptedString")
                && calls_it(method, "setText")
        }
        "code.password_in_intent_extra" => passes(method, "putExtra", 0, "passed_password"),
        "code.client_side_admin_flag" => {
            let table = facts.android.as_ref()?.resources.as_ref()?;
            calls(method, "getString")
                .iter()
                .flat_map(|call| call.ints(0))
                .any(|id| {
                    u32::try_from(id)
                        .ok()
                        .and_then(|id| table.name_of(id))
                        .as_deref()
                        == Some("string/is_admin")
                })
        }
        "code.exported_receiver_leaks_password_by_sms" => {
            calls_it(method, "sendTextMessage") && calls_it(method, "aesDeccryptedString")
        }
        "code.world_readable_prefs" => {
            let call = calls(method, "getSharedPreferences")[0];
            call.texts(0) == ["mySharedPreferences"] && call.ints(1) == [1]
        }
        "code.implicit_broadcast_sensitive" => implicit_broadcast(method),
        "code.exported_activity_trusts_extra" | "code.exported_activity_no_auth" => {
            passes(method, "getStringExtra", 0, "uname")
        }
        "code.sensitive_data_external_storage" => {
            calls_it(method, "getExternalStorageDirectory") && builds(method, "Statements_")
        }
        "code.webview_js_on_external_file" => {
            passes_int(method, "setJavaScriptEnabled", 0, 1)
                && calls(method, "loadUrl").iter().any(|call| {
                    let parts = call.argument(0).unwrap().parts();
                    parts[0]
                        .text()
                        .is_some_and(|text| text.starts_with("file://"))
                })
        }
        "code.path_from_intent_extra" => {
            passes(method, "getStringExtra", 0, "uname") && builds(method, "Statements_")
        }
        "code.webview_save_form_data" => passes_int(method, "setSaveFormData", 0, 1),
        "code.webview_loads_any_url" => calls(method, "loadUrl")
            .iter()
            .any(|call| is_parameter(call.argument(0))),
        "code.provider_sql_injection" => calls(method, "query").iter().any(|call| {
            call.target().class_name() == "android.database.sqlite.SQLiteQueryBuilder"
                && is_parameter(call.argument(2))
        }),
        "code.provider_write_unprotected" => method.calls().any(|call| {
            call.target().class_name() == "android.database.sqlite.SQLiteDatabase"
                && call
                    .arguments()
                    .any(|argument| is_parameter(Some(argument)))
        }),
        "code.cleartext_sqlite" => calls(method, "execSQL").iter().any(|call| {
            call.texts(0)
                .iter()
                .any(|text| text.to_uppercase().contains("CREATE TABLE"))
        }),
        "code.root_detection" => root_detection(method),
        "code.root_detection_no_reaction" => {
            calls_it(method, "setText") && !calls_it(method, "exit") && !calls_it(method, "finish")
        }
        "code.server_address_in_prefs" => {
            passes(method, "putString", 0, "serverip")
                && passes(method, "putString", 0, "serverport")
        }
        "code.ecb_mode" => {
            let cipher = calls(method, "getInstance")[0];
            let key = calls(method, "<init>")
                .into_iter()
                .find(|call| call.target().class_name() == "javax.crypto.spec.SecretKeySpec");
            cipher.texts(0) == ["AES"] && key.unwrap().texts(1) == ["AES/ECB/PKCS7Padding"]
        }
        "code.log_call" => method
            .calls()
            .any(|call| call.target().class_name() == "android.util.Log"),
        "code.debuggable_detection" => debuggable_detection(method),
        "code.detection_reaction" => detection_reaction(class, method),
        "code.hardcoded_secret" => passes(method, "init", 0, "pizzapizzapizzapizzapizz"),
        "code.integrity_check" => {
            calls_it(method, "getCrc")
                && calls_it(method, "baz")
                && method
                    .field_accesses()
                    .any(|a| a.is_write() && a.field().name() == "tampered")
        }
        "code.native_library" => {
            passes(method, "loadLibrary", 0, "foo")
                || passes(method, "loadLibrary", 0, "native-lib")
        }
        "code.debugger_detection" => calls(method, "isDebuggerConnected")
            .iter()
            .any(|call| call.target().class_name() == "android.os.Debug"),
        "code.native_secret_check" => method.calls().any(|call| {
            call.target()
                .definition()
                .is_some_and(|target| target.is_native())
        }),
        _ => return None,
    })
}

fn implicit_broadcast(method: Method<'_>) -> bool {
    let call = calls(method, "sendBroadcast")[0];
    let intent = call.argument(0).unwrap();
    let on_it = intent.calls_on();
    let extras: Vec<_> = on_it
        .iter()
        .filter(|call| call.target().name() == "putExtra")
        .flat_map(|call| call.texts(0))
        .collect();
    let made_explicit = on_it.iter().any(|call| {
        matches!(
            call.target().name().as_ref(),
            "setClass" | "setClassName" | "setComponent" | "setPackage"
        )
    });
    matches!(intent, Origin::New(_)) && extras == ["phonenumber", "newpass"] && !made_explicit
}

fn root_detection(method: Method<'_>) -> bool {
    match method.name().as_ref() {
        "doesSuperuserApkExist" => {
            calls_it(method, "exists") && {
                // The path comes from the caller.
                let file = calls(method, "<init>")
                    .into_iter()
                    .find(|call| call.target().class_name() == "java.io.File");
                file.unwrap().texts(0) == ["/system/app/Superuser.apk"]
            }
        }
        "doesSUexist" => calls_it(method, "exec") && loads(method, "/system/xbin/which"),
        "a" | "checkRoot1" => passes(method, "getenv", 0, "PATH") && loads(method, "su"),
        "b" | "checkRoot2" => {
            passes(method, "contains", 0, "test-keys")
                && method
                    .field_accesses()
                    .any(|access| access.field().qualified_name() == "android.os.Build.TAGS")
        }
        "c" | "checkRoot3" => {
            let list = method
                .arrays()
                .find(|array| array.type_name() == "java.lang.String[]");
            let paths = list.unwrap().elements().unwrap();
            calls_it(method, "exists")
                && paths.len() == 7
                && paths
                    .iter()
                    .all(|path| path.text().is_some_and(|path| path.starts_with('/')))
        }
        _ => false,
    }
}

fn debuggable_detection(method: Method<'_>) -> bool {
    let reads_flags = method.field_accesses().any(|access| {
        access.field().qualified_name() == "android.content.pm.ApplicationInfo.flags"
    });
    // `and-int/lit8 vA, vB, #2`, or the constant in a register.
    let masks = method
        .instructions()
        .any(|found| matches!(found.opcode, 0xdd | 0x12) && found.literal == 2);
    reads_flags && masks
}

fn detection_reaction(class: &str, method: Method<'_>) -> bool {
    match method.name().as_ref() {
        "onClick" => passes_int(method, "exit", 0, 0),
        "a" => passes_int(method, "setCancelable", 0, 0),
        "onCreate" => method.calls().any(|call| {
            let target = call.target().definition();
            target.is_some_and(|target| {
                class.starts_with(target.class().name().as_ref())
                    && (calls_it(target, "show") || calls_it(target, "create"))
            }) || call.texts(0).iter().any(|text| text.contains("detected"))
        }),
        "onPostExecute" => method.calls().any(|call| {
            call.texts(0).iter().any(|t| t.contains("ebug"))
                || call.texts(1).iter().any(|t| t.contains("ebug"))
        }),
        _ => false,
    }
}

/// The calls that the classes of the bank make.
fn bank_calls(facts: &Facts) -> impl Iterator<Item = Call<'_>> {
    let classes = facts
        .code
        .classes()
        .filter(|class| class.package().starts_with(BANK));
    classes
        .flat_map(|class| class.methods())
        .flat_map(|method| method.calls())
}

fn absent(facts: &Facts, value: &str) -> Outcome {
    let none = |test: &dyn Fn(&Call<'_>) -> bool| holds(!bank_calls(facts).any(|call| test(&call)));
    if value.contains("TrustManager") {
        let absent = [
            "javax.net.ssl.",
            "java.security.KeyStore",
            "java.security.SecureRandom",
        ];
        return none(&|call| {
            let class = call.target().class_name();
            absent.iter().any(|prefix| class.starts_with(prefix))
        });
    }
    if value.contains("addJavascriptInterface") {
        return none(&|call| {
            let name = call.target().name();
            name == "addJavascriptInterface"
                || name.starts_with("setAllowFileAccess")
                || name == "setWebContentsDebuggingEnabled"
        });
    }
    if value.contains("isDebuggerConnected") {
        let flags = facts.code.calls_to("android.view.Window", "setFlags");
        let debugger = facts.code.calls_named("isDebuggerConnected").next();
        return holds(flags.is_empty() && debugger.is_none());
    }
    // FLAG_SECURE is 0x2000.
    none(&|call| {
        matches!(call.target().name().as_ref(), "setFlags" | "addFlags")
            && call.ints(0).iter().any(|flags| flags & 0x2000 != 0)
    })
}

fn count(facts: &Facts) -> Outcome {
    let class = |wanted: &'static str| {
        bank_calls(facts).filter(move |call| call.target().class_name() == wanted)
    };
    let log: Vec<_> = class("android.util.Log")
        .map(|call| call.method().name().into_owned())
        .collect();
    let println = class("java.io.PrintStream").filter(|call| call.target().name() == "println");
    holds(log == ["postData"] && println.count() == 8)
}

fn not_obfuscated(facts: &Facts) -> Outcome {
    let mut classes = facts
        .code
        .classes()
        .filter(|class| class.package() == BANK)
        .peekable();
    let some = classes.peek().is_some();
    holds(some && classes.all(|class| class.source_file().is_some()))
}

fn obfuscated(facts: &Facts) -> Outcome {
    let names: Vec<_> = facts
        .code
        .classes()
        .map(|class| class.name().into_owned())
        .collect();
    let short = [
        "sg.vantagepoint.a.a",
        "sg.vantagepoint.a.b",
        "sg.vantagepoint.a.c",
    ];
    let no_sources = facts
        .code
        .classes()
        .all(|class| class.source_file().is_none());
    holds(
        no_sources
            && short
                .iter()
                .all(|class| names.iter().any(|name| name == class)),
    )
}

/// `ViewController viewDidLoad (imp 0x10000432c) : … setHidden:1, then setText: …`: the place, and
/// the messages that the row is about, in their order.
fn objc(facts: &Facts, fact: &str, value: &str) -> Outcome {
    let (place, _) = value.split_once(" : ").unwrap();
    let words: Vec<_> = place.split(' ').collect();
    let address = words[3].trim_start_matches("0x").trim_end_matches(')');
    let address = u64::from_str_radix(address, 16).unwrap();
    let app = facts.ios.as_ref().unwrap().app().unwrap();
    let slice = app
        .slices
        .iter()
        .find(|slice| slice.architecture == "arm64")
        .unwrap();
    let class = slice
        .objc_classes
        .iter()
        .find(|class| class.name == words[0])
        .unwrap();
    let method = class
        .methods
        .iter()
        .find(|method| method.selector == words[1] && method.implementation == address);
    let calls = method.into_iter().flat_map(|method| method.calls.iter());
    let mut sent = calls.filter_map(|call| match call.callee {
        Callee::Message(selector) => selector.map(|selector| slice.names.text(selector)),
        _ => None,
    });
    let wanted = match fact {
        "code.secret_in_hidden_ui" => [
            "theLabel",
            "setHidden:",
            "stringWithCString:encoding:",
            "theLabel",
            "setText:",
        ],
        _ => [
            "theTextField",
            "text",
            "theLabel",
            "text",
            "isEqualToString:",
        ],
    };
    holds(wanted.iter().all(|wanted| sent.any(|sent| sent == *wanted)))
}
