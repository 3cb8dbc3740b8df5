//! Whether a view that nobody sees holds a secret.
//!
//! A hidden label is as readable as any other: whoever runs the app can ask it for its text, and
//! whoever has the package reads the code that puts it there.
//!
//! Clauses: AP-1.2.2, AP-1.2.4.

use std::collections::HashSet;

use crate::ask::ios::Program;
use crate::ask::naming::is_about_secrets;
use crate::ask::objc::{Method, Source, each_code, methods, methods_of};
use crate::ask::traces::is_random;
use crate::check::{Check, Findings, Level, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::macho::Operand;

#[cfg(test)]
use crate::ask::ios as ask;
#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-hidden-secret",
    title: words("Secrets in hidden views", "隐藏控件中的秘密"),
    purpose: words(
        "What a hidden view holds is hidden from honest users only: it stands in the package and \
         in the memory of the app.",
        "隐藏控件的内容只对诚实用户隐藏，在安装包与应用内存中均可读出。",
    ),
    procedure: words(
        "Follow the texts that methods in Objective-C put into views which the app hides and never \
         shows.",
        "追踪 Objective-C 方法写入始终隐藏的控件的文本。",
    ),
    criterion: words(
        "No view that is never shown is given characters that the code of the app makes, or a \
         constant that looks like a secret.",
        "始终隐藏的控件不被写入由应用代码生成的字符或形似秘密的常量。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[317, 798],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| each_code(subject, judge),
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || program(&[FILL]),
        evidence: &[
            "a view that is never shown is given characters that the code makes: hint at LoginViewController.viewWillAppear: @0x100000524 in Payload/Bank.app/Bank",
        ],
        good: || program(&[FILL, SHOW]),
        broken: ask::damaged_program,
    },
};

fn judge(program: Program<'_>, findings: &mut Findings) {
    let shown: HashSet<&str> = methods(program).flat_map(shown_in).collect();
    for class in &program.slice.objc_classes {
        let methods = || methods_of(program, class);
        let hidden: HashSet<&str> = methods()
            .flat_map(hidden_in)
            .filter(|view| !shown.contains(view))
            .collect();
        if hidden.is_empty() {
            continue;
        }
        for method in methods() {
            for call in method.calls() {
                let is_text = method
                    .callee(call)
                    .is_some_and(|selector| TEXT_SETTERS.contains(&selector));
                let [receiver, text, ..] = call.arguments;
                let Some(view) = method.view(receiver).filter(|view| hidden.contains(view)) else {
                    continue;
                };
                match method.source(text).filter(|_| is_text) {
                    Some(Source::Made(_)) => findings
                        .wrong
                        .push(method.evidence(MADE, call).string(view)),
                    Some(Source::Constant(text)) if is_secret(view, text) => findings
                        .wrong
                        .push(method.evidence(CONSTANT, call).secret(text)),
                    _ => {}
                }
            }
        }
    }
}

const TEXT_SETTERS: [&str; 3] = ["setAttributedText:", "setText:", "setTitle:forState:"];

const MADE: Words = words(
    "a view that is never shown is given characters that the code makes",
    "始终隐藏的控件被写入由代码生成的字符",
);
const CONSTANT: Words = words(
    "a view that is never shown is given a constant that looks like a secret",
    "始终隐藏的控件被写入形似秘密的常量",
);

/// Whether a constant is no message to people: it looks random, or the view is named after secrets.
fn is_secret(view: &str, text: &str) -> bool {
    const LENGTH_MIN: usize = 4;
    let is_word = text.len() >= LENGTH_MIN && !text.contains(' ') && text.is_ascii();
    is_word && (is_random(text) || is_about_secrets(view))
}

/// The views that a method hides.
fn hidden_in(method: Method<'_>) -> impl Iterator<Item = &str> {
    views_set_hidden(method, |hidden| hidden == Operand::Number(1))
}

/// The views that a method shows, or may show.
fn shown_in(method: Method<'_>) -> impl Iterator<Item = &str> {
    views_set_hidden(method, |hidden| hidden != Operand::Number(1))
}

fn views_set_hidden(method: Method<'_>, wanted: fn(Operand) -> bool) -> impl Iterator<Item = &str> {
    method.calls().iter().filter_map(move |call| {
        let [view, hidden, ..] = call.arguments;
        let is_set = method.callee(call) == Some("setHidden:") && wanted(hidden);
        method.view(view).filter(|_| is_set)
    })
}

/// A view controller that hides its hint, with what else it does.
#[cfg(test)]
fn program(more: &[&str]) -> crate::judgement::fixtures::Sample {
    let program = native::Macho {
        objc: [&[HIDE], more].concat().concat(),
        ..native::Macho::default()
    };
    ask::sample("", &program)
}

#[cfg(test)]
const HIDE: &str = "
    class LoginViewController
    field hint UILabel
    method viewDidLoad
        mov x19, x0
        ldr x1, =hint
        bl _objc_msgSend
        bl _objc_retainAutoreleasedReturnValue
        mov x20, x0
        mov w2, #1
        ldr x1, =setHidden:
        bl _objc_msgSend
        mov x0, x20
        bl _objc_release
        ret";

#[cfg(test)]
const FILL: &str = "
    method viewWillAppear:
        mov x19, x0
        bl _objc_opt_self
        bl _objc_release
        bl answer
        mov x2, x0
        ldr x1, =stringWithUTF8String:
        bl _objc_msgSend
        mov x20, x0
        mov x0, x19
        ldr x1, =hint
        bl _objc_msgSend
        mov x2, x20
        bl setText:$stub
        ret
    function answer
        ret";

#[cfg(test)]
const SHOW: &str = "
    class HelpViewController
    method help:
        mov x0, x2
        ldr x1, =hint
        bl _objc_msgSend
        mov w2, #0
        ldr x1, =setHidden:
        bl _objc_msgSend
        ret";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn verdict(more: &[&str]) -> Verdict {
        program(more).judged_by(&CHECK).verdict
    }

    /// Puts a constant into the view, which is read from its variable.
    fn constant(text: &str) -> String {
        format!(
            "
            method prepare
                ldrsw x8, =distance hint
                ldr x0, [x0, x8]
                adrp x2, @\"{text}\"
                ldr x1, =setText:
                b _objc_msgSend"
        )
    }

    #[test]
    fn constants_are_secrets_if_they_look_like_some() {
        let random = "kQ8f2LzN0vXw4RtYb7Hs9Jd3";
        assert_eq!(verdict(&[&constant(random)]), Verdict::Fail);
        // What is hidden until something goes wrong is a message.
        let message = "The connection was lost.";
        assert_eq!(verdict(&[&constant(message)]), Verdict::Pass);
        assert_eq!(verdict(&[&constant("")]), Verdict::Pass);
    }

    /// A function that is given something may read it from anywhere.
    #[test]
    fn functions_that_are_given_something_are_not_the_source() {
        let given = FILL.replace("bl answer", "mov w0, #7\nbl answer");
        assert_eq!(verdict(&[FILL]), Verdict::Fail);
        assert_eq!(verdict(&[&given]), Verdict::Pass);
    }

    #[test]
    fn views_that_are_shown_at_times_are_not_hidden() {
        assert_eq!(verdict(&[FILL, SHOW]), Verdict::Pass);
        let unknown = SHOW.replace("mov w2, #0", "mov x2, x3");
        assert_eq!(verdict(&[FILL, &unknown]), Verdict::Pass);
        let hidden_again = SHOW.replace("mov w2, #0", "mov w2, #1");
        assert_eq!(verdict(&[FILL, &hidden_again]), Verdict::Fail);
    }

    #[test]
    fn what_is_not_followed_is_not_passed() {
        let nothing = native::Macho::default();
        assert_eq!(
            ask::sample("", &nothing).judged_by(&CHECK).verdict,
            Verdict::NotTestable
        );
    }
}
