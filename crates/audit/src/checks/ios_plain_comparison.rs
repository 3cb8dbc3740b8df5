//! Whether the app itself decides that what somebody typed is right, by a text that it holds.
//!
//! Clauses: AP-1.2.2, AP-1.2.4.

use crate::ask::ios::Program;
use crate::ask::objc::{Method, Source, each_code, methods_of};
use crate::check::{Check, Findings, Level, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::macho::{Call, Operand};

#[cfg(test)]
use crate::ask::ios as ask;
#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-plain-comparison",
    title: words(
        "Input compared in plain with a text of the app",
        "用户输入与应用内文本明文比较",
    ),
    purpose: words(
        "The text can be read in the package or in memory, and the decision turned round on the \
         phone: both belong to the server.",
        "文本可从安装包或内存读出，判断亦可在手机上被篡改，二者均应在服务器完成。",
    ),
    procedure: words(
        "Follow what text fields hold to comparisons in methods in Objective-C, and what it is \
         compared with.",
        "追踪输入框内容到 Objective-C 方法中的比较，以及与之比较的内容。",
    ),
    criterion: words(
        "What users type is compared with no constant of four characters or more, no label, and \
         no characters that the code of the app makes.",
        "用户输入不与四个字符以上的常量、标签文本或由应用代码生成的字符比较。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[602, 798],
    maswe: &["MASWE-0004", "MASWE-0020"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| each_code(subject, judge),
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || program("UILabel"),
        evidence: &[
            "what a text field holds is compared with the text of a hidden label: secret at LoginViewController.check: @0x100000518 in Payload/Bank.app/Bank",
        ],
        // A password that is typed twice.
        good: || program("UITextField"),
        broken: ask::damaged_program,
    },
};

fn judge(program: Program<'_>, findings: &mut Findings) {
    for class in &program.slice.objc_classes {
        let methods = || methods_of(program, class);
        for method in methods() {
            for call in method.calls() {
                let Some((field, other)) = compared(&method, call) else {
                    continue;
                };
                match other {
                    Source::Constant(text) => {
                        // A field that holds its own hint was not typed into.
                        let is_hint = || methods().any(|method| sets(&method, field, text));
                        if text.chars().count() >= LENGTH_MIN && !is_hint() {
                            findings
                                .wrong
                                .push(method.evidence(CONSTANT, call).secret(text));
                        }
                    }
                    Source::Made(_) => findings
                        .wrong
                        .push(method.evidence(MADE, call).string(field)),
                    Source::Label(label) => {
                        let hidden = methods().any(|method| hides(&method, label));
                        let (what, found) = match hidden {
                            true => (HIDDEN, &mut findings.wrong),
                            // Everybody reads what a label shows; that is no secret.
                            false => (SHOWN, &mut findings.doubtful),
                        };
                        found.push(method.evidence(what, call).string(label));
                    }
                    Source::Typed(_) => {}
                }
            }
        }
    }
}

const CONSTANT: Words = words(
    "what a text field holds is compared with a constant",
    "输入框内容与常量比较",
);
const MADE: Words = words(
    "what a text field holds is compared with characters that the code makes",
    "输入框内容与代码生成的字符比较",
);
const HIDDEN: Words = words(
    "what a text field holds is compared with the text of a hidden label",
    "输入框内容与隐藏标签的文本比较",
);
const SHOWN: Words = words(
    "what a text field holds is compared with the text of a label",
    "输入框内容与标签的文本比较",
);

/// Shorter constants are answers such as `yes`.
const LENGTH_MIN: usize = 4;

/// Comparisons of their receiver with their first argument, or of their first two arguments.
const COMPARISONS: [&str; 10] = [
    "_memcmp",
    "_strcasecmp",
    "_strcmp",
    "_strncmp",
    "caseInsensitiveCompare:",
    "compare:",
    "compare:options:",
    "isEqual:",
    "isEqualToString:",
    "localizedCompare:",
];

/// The field that a call compares, and what with.
fn compared<'a>(method: &Method<'a>, call: &Call) -> Option<(&'a str, Source<'a>)> {
    COMPARISONS.contains(&method.callee(call)?).then_some(())?;
    let [left, right, ..] = call.arguments;
    match (method.source(left)?, method.source(right)?) {
        (Source::Typed(field), other) | (other, Source::Typed(field)) => Some((field, other)),
        _ => None,
    }
}

/// Whether a method puts the text into the view.
fn sets(method: &Method<'_>, view: &str, text: &str) -> bool {
    method.calls().iter().any(|call| {
        let [receiver, given, ..] = call.arguments;
        method.callee(call) == Some("setText:")
            && method.view(receiver) == Some(view)
            && method.source(given) == Some(Source::Constant(text))
    })
}

/// Whether a method hides the view.
fn hides(method: &Method<'_>, view: &str) -> bool {
    method.calls().iter().any(|call| {
        let [receiver, hidden, ..] = call.arguments;
        method.callee(call) == Some("setHidden:")
            && hidden == Operand::Number(1)
            && method.view(receiver) == Some(view)
    })
}

/// A view controller that compares the text of its field with that of a hidden view of this class.
#[cfg(test)]
fn program(class: &str) -> crate::judgement::fixtures::Sample {
    sample(format!(
        "class LoginViewController
         field input UITextField
         field secret {class}
         method check:
             mov x19, x0
             ldr x1, =secret
             bl _objc_msgSend
             mov x20, x0
             mov w2, #1
             ldr x1, =setHidden:
             bl _objc_msgSend
             mov x0, x19
             ldr x1, =input
             bl _objc_msgSend
             ldr x1, =text
             bl _objc_msgSend
             bl _objc_retainAutoreleasedReturnValue
             mov x21, x0
             mov x0, x20
             ldr x1, =text
             bl _objc_msgSend
             mov x2, x0
             mov x0, x21
             ldr x1, =isEqualToString:
             bl _objc_msgSend
             ret"
    ))
}

#[cfg(test)]
fn sample(objc: String) -> crate::judgement::fixtures::Sample {
    let program = native::Macho {
        objc,
        ..native::Macho::default()
    };
    ask::sample("", &program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn verdict(class: &str, comparison: &str, more: &str) -> Verdict {
        let objc = format!(
            "class LoginViewController
             field input {class}
             field label UILabel
             method check:
                 mov x19, x0
                 ldr x1, =input
                 bl _objc_msgSend
                 ldr x1, =text
                 bl _objc_msgSend
                 mov x20, x0
                 {comparison}
                 ret
             {more}
             function answer
                 ret"
        );
        sample(objc).judged_by(&CHECK).verdict
    }

    fn constant(text: &str) -> String {
        format!("adr x2, @\"{text}\"\nldr x1, =isEqualToString:\nbl _objc_msgSend")
    }

    const IN_C: &str = "
        ldr x1, =UTF8String
        bl _objc_msgSend
        mov x21, x0
        bl _objc_release
        bl answer
        mov x1, x0
        mov x0, x21
        bl _strcmp";

    #[test]
    fn constants_of_some_length_are_wrong() {
        let field = "UITextField";
        assert_eq!(verdict(field, &constant("open sesame"), ""), Verdict::Fail);
        assert_eq!(verdict(field, &constant("yes"), ""), Verdict::Pass);
        assert_eq!(verdict(field, &constant(""), ""), Verdict::Pass);
        // What a label or another object holds was not typed.
        assert_eq!(
            verdict("UILabel", &constant("open sesame"), ""),
            Verdict::Pass
        );
        assert_eq!(
            verdict("Account", &constant("open sesame"), ""),
            Verdict::Pass
        );
    }

    #[test]
    fn a_field_that_holds_its_own_hint_is_fine() {
        let hint = "
            method textViewDidEndEditing:
                ldr x1, =input
                bl _objc_msgSend
                adr x2, @\"Enter a comment\"
                ldr x1, =setText:
                bl _objc_msgSend
                ret";
        let comparison = constant("Enter a comment");
        assert_eq!(verdict("UITextView", &comparison, hint), Verdict::Pass);
        assert_eq!(verdict("UITextView", &comparison, ""), Verdict::Fail);
    }

    #[test]
    fn characters_that_the_code_makes_are_wrong() {
        assert_eq!(verdict("UITextField", IN_C, ""), Verdict::Fail);
        let given = IN_C.replace("bl answer", "mov w0, #7\nbl answer");
        assert_eq!(verdict("UITextField", &given, ""), Verdict::Pass);
    }

    #[test]
    fn the_text_of_a_label_in_sight_is_doubtful() {
        let label = "
            mov x0, x19
            ldr x1, =label
            bl _objc_msgSend
            ldr x1, =text
            bl _objc_msgSend
            mov x2, x20
            ldr x1, =isEqualToString:
            bl _objc_msgSend";
        assert_eq!(verdict("UITextField", label, ""), Verdict::Partial);
    }

    /// Where two paths meet, the constant of one of them is not that of both.
    #[test]
    fn paths_have_to_agree() {
        let comparison = |branch: &str| {
            format!(
                "adr x2, @\"open sesame\"
                 cbz x19, other
                 {branch}
                 other:
                 ldr x1, =isEqualToString:
                 bl _objc_msgSend"
            )
        };
        let field = "UITextField";
        assert_eq!(verdict(field, &comparison(""), ""), Verdict::Fail);
        assert_eq!(verdict(field, &comparison("mov x2, x3"), ""), Verdict::Pass);
    }
}
