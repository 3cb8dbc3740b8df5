use crate::Limits;
use crate::fixture::native;
use crate::macho::{Callee, Operand, Slice, parse};

fn slice(objc: &str, limits: &Limits) -> Slice {
    let program = native::Macho {
        objc: objc.to_owned(),
        ..native::Macho::default()
    };
    parse(&program.build(), limits).unwrap().remove(0)
}

/// The calls of the last method, as text.
fn calls(objc: &str) -> Vec<String> {
    let slice = slice(objc, &Limits::default());
    assert!(slice.calls_read);
    assert_eq!(slice.methods_unread, 0);
    let name = |id| slice.names.text(id);
    let selector = |id: Option<_>| id.map_or("?", name);
    let methods = slice.objc_classes.iter().flat_map(|class| &class.methods);
    let calls = methods.last().unwrap().calls.iter();
    calls
        .map(|call| {
            let callee = match call.callee {
                Callee::Message(id) => selector(id).to_owned(),
                Callee::Super(id) => format!("super {}", selector(id)),
                Callee::Function(id) => name(id).to_owned(),
                Callee::Own(_) => "own".to_owned(),
            };
            let arguments = call.arguments.iter().map(|argument| match argument {
                Operand::Unknown => "?".to_owned(),
                Operand::Unset => "-".to_owned(),
                Operand::Number(number) => number.to_string(),
                Operand::Text(text) => format!("@{:?}", name(*text)),
                Operand::Characters(text) => format!("{:?}", name(*text)),
                Operand::Class(class) => format!("class {}", name(*class)),
                Operand::Selector(selector) => format!("selector {}", name(*selector)),
                Operand::Parameter(number) => format!("parameter {number}"),
                Operand::Field(field) => name(*field).to_owned(),
                Operand::Result(number) => format!("result {number}"),
            });
            format!("{callee} {}", arguments.collect::<Vec<_>>().join(", "))
        })
        .collect()
}

/// The calls of a method with this body.
fn body(text: &str) -> Vec<String> {
    calls(&format!(
        "class Bank\nfield label UILabel\nmethod run:\n{text}\nret\nfunction answer\nret"
    ))
}

#[test]
fn constants_of_every_kind() {
    let found = body(
        "ldr x0, =class Bank
         ldr x1, =open:with:and:
         adrp x2, @\"a text\"
         adr x3, \"characters\"
         mov w4, #7
         bl _objc_msgSend
         ldr x2, =close
         mov x0, x19
         bl performSelector:$stub
         bl answer
         mov x1, x2
         bl _strcmp",
    );
    assert_eq!(
        found,
        [
            "open:with:and: class Bank, @\"a text\", \"characters\", 7",
            "performSelector: ?, selector close, -, -",
            "own result 1, -, -, -",
            "_strcmp result 2, -, -, -",
        ]
    );
}

#[test]
fn fields_are_read_where_the_program_says_they_lie() {
    let found = body(
        "mov x19, x0
         ldrsw x8, =distance label
         ldr x0, [x19, x8]
         ldr x1, =text
         bl _objc_msgSend
         ldrsw x8, =distance label
         .word 0x8b080260
         bl _objc_loadWeakRetained
         ldr x1, =text
         bl _objc_msgSend
         ldr x0, [x20, x8]
         ldr x1, =text
         b _objc_msgSend",
    );
    assert_eq!(
        found,
        [
            "text _label, parameter 2, parameter 3, parameter 4",
            "text _label, -, -, -",
            "text ?, -, -, -",
        ]
    );
}

#[test]
fn retain_and_release_are_seen_through() {
    let found = body(
        "ldr x1, =label
         bl _objc_msgSend
         mov x29, x29
         bl _objc_retainAutoreleasedReturnValue
         mov x19, x0
         bl _objc_retain_x19
         ldr x1, =text
         bl _objc_msgSend
         mov x0, x19
         bl _objc_release
         ldr x1, =again
         bl _objc_msgSendSuper2",
    );
    assert_eq!(
        found,
        [
            "label parameter 0, parameter 2, parameter 3, parameter 4",
            "text result 0, -, -, -",
            "super again ?, -, -, -",
        ]
    );
}

#[test]
fn the_stack_keeps_what_is_put_there() {
    let found = body(
        "str x0, [sp, #8]
         str x2, [sp, #16]
         bl answer
         ldr x0, [sp, #8]
         ldr x2, [sp, #16]
         ldr x1, =keep:
         bl _objc_msgSend
         .word 0x910023e0
         bl _fill
         ldr x0, [sp, #8]
         ldr x1, =keep:
         bl _objc_msgSend",
    );
    assert_eq!(
        found,
        [
            "own parameter 0, parameter 1, parameter 2, parameter 3",
            "keep: parameter 0, parameter 2, -, -",
            // Whoever is given its address may write there.
            "_fill ?, -, -, -",
            "keep: ?, -, -, -",
        ]
    );
}

#[test]
fn where_paths_meet_only_what_they_agree_on_is_known() {
    let found = body(
        "mov w19, #1
         mov w20, #1
         cbz x2, other
         mov w20, #2
         b both
         other:
         mov x3, x20
         both:
         mov x0, x19
         mov x1, x20
         bl _strcmp",
    );
    assert_eq!(found, ["_strcmp 1, ?, parameter 2, ?"]);
}

#[test]
fn branches_beyond_the_limit_lead_to_where_nothing_is_known() {
    let branches = |count: usize| {
        let branches: String = (0..count).map(|at| format!("cbz x2, to{at}\n")).collect();
        let places: String = (0..count)
            .map(|at| format!("to{at}:\nmov x3, x4\n"))
            .collect();
        body(&format!(
            "mov w19, #1\n{branches}{places}mov x0, x19\nbl _puts"
        ))
    };
    assert!(
        branches(1_000)
            .iter()
            .eq(["_puts 1, parameter 1, parameter 2, parameter 4"])
    );
    assert!(branches(1_100).iter().eq(["_puts ?, ?, ?, ?"]));
}

#[test]
fn loops_forget_what_they_write() {
    let found = body(
        "mov w19, #1
         mov w20, #1
         again:
         mov x0, x19
         mov x1, x20
         bl _strcmp
         mov w20, #2
         cbz x0, again
         mov x0, x20
         bl _puts",
    );
    assert_eq!(found, ["_strcmp 1, ?, ?, ?", "_puts 2, -, -, -"]);
}

#[test]
fn code_behind_the_end_belongs_to_others() {
    let found = calls(
        "class Bank
         method run:
             cbz x2, late
             b _first
         late:
             bl _second
             ret
             bl _third",
    );
    let found: Vec<_> = found.iter().map(|call| call.split(' ').next()).collect();
    assert_eq!(found, [Some("_first"), Some("_second")]);
}

#[test]
fn limits_are_kept_and_noted() {
    let objc = "class Bank
        method first
            bl _puts
            bl _puts
            ret
        method second
            bl _puts
            ret";
    let unread = |limits: &Limits| {
        let slice = slice(objc, limits);
        let calls = slice.objc_classes[0].methods.iter();
        let calls: Vec<_> = calls.map(|method| method.calls.len()).collect();
        (calls, slice.methods_unread)
    };
    let limits = Limits::default;
    assert_eq!(unread(&limits()), (vec![2, 1], 0));
    let short = Limits {
        objc_method_instructions_max: 2,
        ..limits()
    };
    assert_eq!(unread(&short), (vec![0, 1], 1));
    let few = Limits {
        objc_instructions_max: 4,
        ..limits()
    };
    assert_eq!(unread(&few), (vec![2, 0], 1));
    let calls = Limits {
        objc_calls_max: 2,
        ..limits()
    };
    assert_eq!(unread(&calls), (vec![2, 0], 1));
    let names = Limits {
        objc_name_bytes_max: 4,
        ..limits()
    };
    assert_eq!(unread(&names), (vec![0, 0], 1));
}

/// However many methods lead to the same code, it is walked once.
#[test]
fn code_that_methods_share_is_walked_once() {
    let limits = Limits {
        objc_instructions_max: 2,
        objc_calls_max: 1,
        ..Limits::default()
    };
    let slice = slice(
        "class Bank\nmethod a\nmethod b\nmethod c\nbl _puts\nret",
        &limits,
    );
    assert_eq!(slice.methods_unread, 0);
    let methods = &slice.objc_classes[0].methods;
    assert!(methods.iter().all(|method| method.calls.len() == 1));
}

/// Encrypted code and code for other processors is not read, and says so.
#[test]
fn other_code_is_not_read() {
    let encrypted = native::Macho {
        encrypted: true,
        classes: vec![("Bank", vec!["run"])],
        ..native::Macho::default()
    };
    let slice = parse(&encrypted.build(), &Limits::default())
        .unwrap()
        .remove(0);
    assert!(!slice.calls_read && slice.objc_classes.is_empty());
    let mut other = native::Macho {
        classes: vec![("Bank", vec!["run"])],
        ..native::Macho::default()
    }
    .build();
    // x86_64
    other[4] = 7;
    let slice = parse(&other, &Limits::default()).unwrap().remove(0);
    assert!(!slice.calls_read && slice.objc_classes.len() == 1);
}
