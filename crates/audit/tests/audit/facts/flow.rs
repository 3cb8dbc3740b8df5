//! Constant propagation on code written for it: every shape once, and what it must not invent.

use hefu_audit::facts::code::{Call, Method};
use hefu_audit::facts::{Facts, Origin};

use crate::fixture::facts_of_code;

/// A class with one static method `m()V` of six registers, `body` in it, and a sink to call.
fn method(body: &str) -> Facts {
    facts_of_code(&format!(
        ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n
         .method public static m(I)V\n.registers 6\n{body}\n.end method\n
         .method public static sink(I)V\n.registers 1\nreturn-void\n.end method\n
         .method public static take(Ljava/lang/String;)V\n.registers 1\nreturn-void\n.end method\n
         .method public static fill([B)V\n.registers 1\nreturn-void\n.end method"
    ))
}

const SINK: &str = "invoke-static {v0}, Lcom/bank/A;->sink(I)V";
const TAKE: &str = "invoke-static {v0}, Lcom/bank/A;->take(Ljava/lang/String;)V";

fn m(facts: &Facts) -> Method<'_> {
    facts.code.method("com.bank.A", "m").unwrap()
}

/// What the first call of `name` in `m` gets.
fn passed<'a>(facts: &'a Facts, name: &str) -> Origin<'a> {
    let call: Call<'_> = m(facts)
        .calls()
        .find(|call| call.target().name() == name)
        .unwrap();
    call.argument(0).unwrap()
}

fn ints(origin: &Origin<'_>) -> Vec<i64> {
    let mut found: Vec<i64> = match origin {
        Origin::OneOf(alternatives) => alternatives.iter().filter_map(Origin::int).collect(),
        other => other.int().into_iter().collect(),
    };
    found.sort_unstable();
    found
}

#[test]
fn constants_moves_and_arithmetic() {
    let facts = method(&format!(
        "const/4 v1, 0x5\nmove v2, v1\nadd-int/lit8 v0, v2, 0x3\nshl-int/lit8 v0, v0, 0x4\n
         const v3, 0x7f\nor-int v0, v0, v3\nrsub-int v0, v0, 0x100\n{SINK}\nreturn-void"
    ));
    assert_eq!(ints(&passed(&facts, "sink")), [0x100 - (0x80 | 0x7f)]);
}

#[test]
fn both_sides_of_a_branch_are_kept() {
    let facts = method(&format!(
        "if-eqz p0, :else\nconst-string v0, \"https://\"\ngoto :join\n:else\n
         const-string v0, \"http://\"\n:join\n{TAKE}\nreturn-void"
    ));
    let resolved = passed(&facts, "take").resolve();
    let mut texts: Vec<_> = resolved
        .into_iter()
        .filter_map(|origin| origin.text())
        .collect();
    texts.sort();
    assert_eq!(texts, ["http://", "https://"]);
    assert!(m(&facts).branches());
}

#[test]
fn a_value_that_changes_in_a_loop_is_not_constant() {
    let facts = method(&format!(
        "const/4 v0, 0x0\n:head\n{SINK}\nadd-int/lit8 v0, v0, 0x1\nif-lt v0, p0, :head\nreturn-void"
    ));
    assert_eq!(passed(&facts, "sink"), Origin::Unknown);
    // The twin that does not change stays constant through the loop.
    let facts = method(&format!(
        "const/4 v0, 0x7\nconst/4 v1, 0x0\n:head\n{SINK}\nadd-int/lit8 v1, v1, 0x1\n
         if-lt v1, p0, :head\nreturn-void"
    ));
    assert_eq!(ints(&passed(&facts, "sink")), [7]);
}

#[test]
fn more_than_four_alternatives_are_unknown() {
    let cases = |count: usize| {
        let targets: String = (0..count).map(|n| format!(":case{n}\n")).collect();
        let bodies: String = (0..count)
            .map(|n| format!(":case{n}\nconst/16 v0, {}\ngoto :join\n", 100 + n))
            .collect();
        method(&format!(
            "packed-switch p0, :table\nreturn-void\n{bodies}:join\n{SINK}\nreturn-void\n
             :table\n.packed-switch 0x0\n{targets}.end packed-switch"
        ))
    };
    assert_eq!(ints(&passed(&cases(4), "sink")), [100, 101, 102, 103]);
    assert_eq!(passed(&cases(5), "sink"), Origin::Unknown);
}

#[test]
fn handlers_do_not_trust_what_the_body_was_about_to_write() {
    let facts = method(&format!(
        "const/4 v0, 0x1\nconst/4 v2, 0x7\n:start\nconst/4 v0, 0x2\n
         invoke-static {{p0}}, Lcom/bank/A;->sink(I)V\nconst/4 v0, 0x3\n:end\nreturn-void\n
         :handler\nmove-exception v1\ninvoke-static {{v2}}, Lcom/bank/A;->sink(I)V\n{SINK}\nreturn-void\n
         .catchall {{:start .. :end}} :handler"
    ));
    let calls: Vec<_> = m(&facts).calls().collect();
    assert_eq!(calls.len(), 3);
    // Written in the body: not known which. Not written there: still known.
    assert_eq!(calls[2].argument(0), Some(Origin::Unknown));
    assert_eq!(calls[1].argument(0), Some(Origin::Int(7)));
}

#[test]
fn arrays_are_constant_only_if_every_write_is() {
    let fill = "invoke-static {v0}, Lcom/bank/A;->fill([B)V";
    let array = |facts: &Facts| match passed(facts, "fill") {
        Origin::Array(array) => (array.len(), array.bytes()),
        other => panic!("{other:?}"),
    };
    let zero = method(&format!(
        "const/16 v1, 16\nnew-array v0, v1, [B\n{fill}\nreturn-void"
    ));
    assert_eq!(array(&zero), (Some(16), Some(vec![0; 16])));
    let data = method(&format!(
        "const/4 v1, 0x3\nnew-array v0, v1, [B\nfill-array-data v0, :data\n{fill}\nreturn-void\n
         :data\n.array-data 1\n1 2 -1\n.end array-data"
    ));
    assert_eq!(array(&data), (Some(3), Some(vec![1, 2, 255])));
    let stored = method(&format!(
        "const/4 v1, 0x2\nnew-array v0, v1, [B\nconst/4 v2, 0x1\nconst/4 v3, 0x5\n
         aput-byte v3, v0, v2\n{fill}\nreturn-void"
    ));
    assert_eq!(array(&stored), (Some(2), Some(vec![0, 5])));
    let dynamic = method(&format!(
        "const/4 v1, 0x2\nnew-array v0, v1, [B\nconst/4 v3, 0x5\naput-byte v3, v0, p0\n{fill}\nreturn-void"
    ));
    assert_eq!(array(&dynamic), (Some(2), None));
    let unknown_length = method(&format!("new-array v0, p0, [B\n{fill}\nreturn-void"));
    assert_eq!(array(&unknown_length), (None, None));
}

#[test]
fn wide_values_take_two_registers_and_one_argument() {
    let facts = facts_of_code(
        ".class Lcom/bank/A;\n.super Ljava/lang/Object;\n
         .method static m(JLjava/lang/String;)V\n.registers 6\nconst-wide v0, 0x123456789a\n
         const/4 v2, 0x1\ninvoke-static {v0, v1, p2}, Lcom/bank/A;->m(JLjava/lang/String;)V\n
         int-to-long v0, v2\ninvoke-static/range {v0 .. v2}, Lcom/bank/A;->m(JLjava/lang/String;)V\n
         return-void\n.end method",
    );
    let calls: Vec<_> = m(&facts).calls().collect();
    let first: Vec<_> = calls[0].arguments().collect();
    assert_eq!(first[0], Origin::Int(0x12_3456_789a));
    assert!(matches!(&first[1], Origin::Parameter(parameter) if parameter.number() == 1));
    assert_eq!(
        calls[1].arguments().collect::<Vec<_>>(),
        [Origin::Int(1), Origin::Int(1)]
    );
}

pub(super) const FIELDS: &str = "
    .class public Lcom/bank/Base;\n.super Ljava/lang/Object;
    .field protected host:Ljava/lang/String;
    .field static final MODE:Ljava/lang/String; = \"AES\"
    .field static count:I = 3
    .method public constructor <init>()V
    .registers 2
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    const-string v0, \"http://\"
    iput-object v0, p0, Lcom/bank/Base;->host:Ljava/lang/String;
    return-void
    .end method
    .class public Lcom/bank/A;\n.super Lcom/bank/Base;
    .method public m()V
    .registers 4
    iget-object v0, p0, Lcom/bank/A;->host:Ljava/lang/String;
    sget-object v1, Lcom/bank/Base;->MODE:Ljava/lang/String;
    invoke-virtual {p0, v0, v1}, Lcom/bank/A;->open(Ljava/lang/String;Ljava/lang/String;)V
    sget v0, Lcom/bank/Base;->count:I
    invoke-static {v0}, Lcom/bank/A;->sink(I)V
    return-void
    .end method
    .method public open(Ljava/lang/String;Ljava/lang/String;)V
    .registers 4
    invoke-static {p1, p2}, Lcom/bank/A;->join(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {v0}, Lcom/bank/A;->take(Ljava/lang/String;)V
    return-void
    .end method
    .method static join(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;
    .registers 4
    new-instance v0, Ljava/lang/StringBuilder;
    invoke-direct {v0}, Ljava/lang/StringBuilder;-><init>()V
    invoke-virtual {v0, p0}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    move-result-object v0
    invoke-virtual {v0, p1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v1
    return-object v1
    .end method
    .method static native take(Ljava/lang/String;)V\n.end method
    .method static native sink(I)V\n.end method";

#[test]
fn fields_parameters_and_returns_are_followed() {
    let facts = facts_of_code(FIELDS);
    let open = m(&facts).calls().next().unwrap();
    // Through the field of the superclass, written in its constructor.
    assert_eq!(open.texts(0), ["http://"]);
    assert_eq!(open.texts(1), ["AES"]);
    assert_eq!(m(&facts).calls().nth(1).unwrap().ints(0), [3]);
    // Through the parameter, to the caller, to the field.
    let join = facts.code.calls_to("com.bank.A", "join")[0];
    assert_eq!(join.texts(0), ["http://"]);
    // A string that is put together: its parts, each followed on its own.
    let take = facts.code.calls_to("com.bank.A", "take")[0];
    let built = take.argument(0).unwrap().resolve();
    let parts: Vec<_> = built[0]
        .parts()
        .iter()
        .flat_map(|part| part.resolve())
        .collect();
    assert_eq!(
        parts,
        [Origin::Text("http://".into()), Origin::Text("AES".into())]
    );
}

#[test]
fn calls_are_found_through_the_hierarchy_but_not_through_overrides() {
    let code = |own: &str| {
        format!(
            ".class public Lcom/bank/Login;\n.super Landroid/app/Activity;\n{own}
             .method public m()V\n.registers 4\nconst-string v0, \"p\"\nconst/4 v1, 0x1\n
             invoke-virtual {{p0, v0, v1}}, Lcom/bank/Login;->getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;\n
             return-void\n.end method"
        )
    };
    let facts = facts_of_code(&code(""));
    let found = facts
        .code
        .calls_to("android.content.Context", "getSharedPreferences");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].site().to_string(),
        "com.bank.Login.m()V @0x0003 (classes.dex)"
    );
    assert!(facts.code.is_a("com.bank.Login", "android.content.Context"));
    assert_eq!(
        facts
            .code
            .descendants_of("android.content.ContextWrapper")
            .len(),
        1
    );
    let own = ".method public getSharedPreferences(Ljava/lang/String;I)Landroid/content/SharedPreferences;\n
               .registers 3\nconst/4 v0, 0x0\nreturn-object v0\n.end method";
    let facts = facts_of_code(&code(own));
    assert!(
        facts
            .code
            .calls_to("android.content.Context", "getSharedPreferences")
            .is_empty()
    );
    assert_eq!(
        facts
            .code
            .calls_to("com.bank.Login", "getSharedPreferences")
            .len(),
        1
    );
}

#[test]
fn callers_come_from_above_and_below_but_not_past_an_override() {
    let class = |name: &str, superclass: &str, body: &str| {
        format!(
            ".class public L{name};\n.super L{superclass};\n
             .method public set(Ljava/lang/String;)V\n.registers 2\n{body}return-void\n.end method\n"
        )
    };
    let sink = "invoke-static {p1}, LMain;->take(Ljava/lang/String;)V\n";
    let call = |class: &str, text: &str| {
        format!(
            "const-string v0, \"{text}\"\n
             invoke-virtual {{p0, v0}}, L{class};->set(Ljava/lang/String;)V\n"
        )
    };
    let smali = [
        class("Top", "java/lang/Object", ""),
        class("Middle", "Top", sink),
        ".class public LLow;\n.super LMiddle;\n".to_owned(),
        class("Other", "Low", ""),
        ".class public LMain;\n.super Ljava/lang/Object;\n
         .method static native take(Ljava/lang/String;)V\n.end method\n
         .method static m(LTop;)V\n.registers 3\n"
            .to_owned(),
        call("Top", "through the superclass"),
        call("Middle", "directly"),
        call("Low", "inherited"),
        call("Other", "overridden"),
        "return-void\n.end method\n".to_owned(),
    ];
    let facts = facts_of_code(&smali.concat());
    let take = facts.code.calls_to("Main", "take")[0];
    let mut texts = take.texts(0);
    texts.sort();
    assert_eq!(texts, ["directly", "inherited", "through the superclass"]);
}

#[test]
fn callbacks_say_what_they_do() {
    let facts = facts_of_code(
        ".class public Lcom/bank/TrustAll;\n.super Ljava/lang/Object;\n
         .implements Ljavax/net/ssl/X509TrustManager;\n.implements Ljavax/net/ssl/HostnameVerifier;\n
         .method public checkServerTrusted()V\n.registers 1\nreturn-void\n.end method\n
         .method public verify(Ljava/lang/String;)Z\n.registers 3\nconst/4 v0, 0x1\nreturn v0\n.end method\n
         .class public Lcom/bank/Bridge;\n.super Ljava/lang/Object;\n.source \"Bridge.java\"\n
         .method public open()V\n.annotation runtime Landroid/webkit/JavascriptInterface;\n.end annotation\n
         .registers 2\nnew-instance v0, Ljava/lang/Error;\nthrow v0\n.end method",
    );
    let empty = facts
        .code
        .overrides_of("javax.net.ssl.X509TrustManager", "checkServerTrusted");
    assert!(empty.len() == 1 && empty[0].is_empty());
    let verify = facts
        .code
        .overrides_of("javax.net.ssl.HostnameVerifier", "verify");
    assert!(verify[0].always_returns(1) && !verify[0].always_returns(0));
    let open = facts.code.method("com.bank.Bridge", "open").unwrap();
    assert_eq!(
        open.annotations().collect::<Vec<_>>(),
        ["android.webkit.JavascriptInterface"]
    );
    assert!(open.throws() && !open.is_empty());
    assert_eq!(open.class().source_file().as_deref(), Some("Bridge.java"));
    assert_eq!(empty[0].class().source_file(), None);
}

#[test]
fn objects_are_followed_through_chained_calls() {
    let facts = facts_of_code(
        ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n
         .method public static m(Landroid/content/Context;)V\n.registers 5\n
         new-instance v0, Landroid/content/Intent;\nconst-string v1, \"com.bank.DONE\"\n
         invoke-direct {v0, v1}, Landroid/content/Intent;-><init>(Ljava/lang/String;)V\n
         const-string v2, \"com.bank\"\n
         invoke-virtual {v0, v2}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n
         move-result-object v3\n
         invoke-virtual {v3, v1}, Landroid/content/Intent;->addCategory(Ljava/lang/String;)Landroid/content/Intent;\n
         invoke-virtual {p0, v0}, Landroid/content/Context;->sendBroadcast(Landroid/content/Intent;)V\n
         return-void\n.end method",
    );
    let call = facts
        .code
        .calls_to("android.content.Context", "sendBroadcast")[0];
    let intent = call.argument(0).unwrap();
    let Origin::New(object) = &intent else {
        panic!("{intent:?}")
    };
    assert_eq!(object.class_name(), "android.content.Intent");
    assert_eq!(object.constructor().unwrap().texts(0), ["com.bank.DONE"]);
    let names: Vec<_> = intent
        .calls_on()
        .iter()
        .map(|call| call.target().name().into_owned())
        .collect();
    assert_eq!(names, ["<init>", "setPackage", "addCategory"]);
    assert_eq!(call.target().calls().count(), 1);
    assert!(matches!(call.receiver(), Some(Origin::Parameter(_))));
}

#[test]
fn several_dex_files_are_one_code() {
    use crate::fixture::{apk, facts, smali};
    let one = ".class public Lcom/bank/One;\n.super Ljava/lang/Object;\n
        .method public static key()Ljava/lang/String;\n.registers 1\nconst-string v0, \"secret\"\n
        return-object v0\n.end method";
    let two = ".class public Lcom/bank/A;\n.super Lcom/bank/One;\n
        .method public static m()V\n.registers 1\n
        invoke-static {}, Lcom/bank/One;->key()Ljava/lang/String;\nmove-result-object v0\n
        invoke-static {v0}, Lcom/bank/A;->take(Ljava/lang/String;)V\nreturn-void\n.end method\n
        .method public static native take(Ljava/lang/String;)V\n.end method";
    let files = [
        ("classes2.dex", smali::assemble(two)),
        (
            "assets/plugin.bin",
            smali::assemble(".class Lcom/bank/Late;\n.super Ljava/lang/Object;"),
        ),
        ("classes.dex", smali::assemble(one)),
    ];
    let facts = facts("a.apk", apk("", &files));
    let order: Vec<_> = facts
        .code
        .files()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(order, ["classes.dex", "classes2.dex", "assets/plugin.bin"]);
    assert_eq!(
        facts.code.calls_to("com.bank.A", "take")[0].texts(0),
        ["secret"]
    );
    assert!(facts.code.class("com.bank.Late").is_some());
    assert_eq!(facts.coverage.classes_analysed, 3);
    assert!(facts.analysis_incomplete().is_empty());
}

#[test]
fn a_method_over_the_budget_loses_constants_and_says_so() {
    use crate::fixture::{apk, smali};
    use hefu_audit::{Limits, Package};
    let code = format!(
        ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n
         .method public static m(I)V\n.registers 6\nconst/4 v0, 0x1\nif-eqz p0, :end\n{SINK}\n:end\n
         const/4 v0, 0x2\n{SINK}\nreturn-void\n.end method\n
         .method static native sink(I)V\n.end method"
    );
    let bytes = apk("", &[("classes.dex", smali::assemble(&code))]);
    let read = |limits: &Limits| {
        Facts::read(
            &Package::from_bytes("a.apk", bytes.clone(), limits).unwrap(),
            limits,
        )
    };
    let small = Limits {
        method_states_max: 1,
        ..Limits::default()
    };
    let facts = read(&small);
    let passed: Vec<_> = m(&facts)
        .calls()
        .map(|call| call.argument(0).unwrap())
        .collect();
    assert_eq!(passed, [Origin::Unknown, Origin::Int(2)]);
    assert!(m(&facts).is_approximated());
    assert_eq!(facts.coverage.methods_approximated, 1);
    let facts = read(&Limits::default());
    let passed: Vec<_> = m(&facts)
        .calls()
        .map(|call| call.argument(0).unwrap())
        .collect();
    assert_eq!(passed, [Origin::Int(1), Origin::Int(2)]);
    assert_eq!(facts.coverage.methods_approximated, 0);
}

#[test]
fn unusable_code_is_counted_and_the_rest_analysed() {
    use crate::fixture::{apk, facts, smali};
    let mut dex = smali::assemble(
        ".class Lcom/bank/A;\n.super Ljava/lang/Object;\n
         .method static bad()V\n.registers 1\nconst/16 v0, 0x1234\nreturn-void\n.end method\n
         .method static good()V\n.registers 1\nconst-string v0, \"x\"\nreturn-void\n.end method\n
         .class Lcom/bank/B;\n.super Ljava/lang/Object;",
    );
    let at = dex
        .windows(4)
        .position(|four| four == [0x13, 0, 0x34, 0x12])
        .unwrap();
    // No instruction has this number.
    dex[at] = 0x3f;
    let facts = facts("a.apk", apk("", &[("classes.dex", dex)]));
    let coverage = &facts.coverage;
    assert_eq!((coverage.classes_total, coverage.classes_analysed), (2, 1));
    assert_eq!((coverage.methods_total, coverage.methods_analysed), (2, 1));
    let skipped = facts.analysis_incomplete();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].what, "com.bank.A.bad (classes.dex)");
    assert_eq!(
        skipped[0].why.to_string(),
        "unknown opcode 0x3f at code unit 0"
    );
    assert!(coverage.is_incomplete(hefu_audit::facts::Area::Code));
    assert!(!facts.code.class("com.bank.A").unwrap().is_analysed());
    assert_eq!(facts.code.uses_of_text("x").len(), 1);
}
