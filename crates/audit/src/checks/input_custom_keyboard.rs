//! Whether passwords are typed on a keyboard of the app's own.
//!
//! Clauses: CJ-4.3.1.c.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::android::View;
use crate::facts::{Android, Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "input-custom-keyboard",
    title: words(
        "Passwords are typed on foreign keyboards",
        "口令使用第三方输入法输入",
    ),
    purpose: words(
        "A keyboard that somebody else wrote reads every password that is typed on it.",
        "第三方输入法可读取在其上输入的全部口令。",
    ),
    procedure: words(
        "If layouts have password fields, look for a keyboard of the app's own: views and classes \
         of known secure keyboards, android.inputmethodservice.KeyboardView, or calls that keep \
         the system's keyboard away.",
        "若布局存在密码框，查找自有键盘：已知安全键盘的控件与类、KeyboardView，或阻止系统输入法的调用。",
    ),
    criterion: words(
        "Password fields are of a secure keyboard, or the package has a keyboard of its own.",
        "密码框为安全键盘控件，或应用自带键盘。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0036"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Xml, Area::Resources, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        let views = || facts.android.iter().flat_map(Android::views);
        let fields: Vec<View<'_>> = views()
            .filter(|view| view.is_hidden_password() || view.is_visible_password())
            .collect();
        if fields.is_empty() {
            return Outcome::NotApplicable(words(
                "no layout has a password field",
                "布局中没有密码输入框",
            ));
        }
        let keyboard = keyboard(facts).or_else(|| views().find_map(|view| in_layout(&view)));
        let mut findings = Findings::new();
        match keyboard {
            Some(evidence) => findings.right.push(evidence),
            None => findings.doubtful.extend(fields.iter().map(|view| {
                let what = words("typed on the keyboard of the system", "使用系统输入法输入");
                Evidence::in_xml(what, view.file(), view.xml_path())
                    .string(view.id().unwrap_or_default())
            })),
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || layout(""),
        evidence: &[
            "typed on the keyboard of the system: pwd in res/layout/login.xml (/LinearLayout/EditText)",
        ],
        good: || layout("<com.bank.SafeKeyboardView/>"),
        broken: || layout("").damaged("res/layout/login.xml"),
    },
};

const OWN: crate::check::Words = words("a keyboard of the app's own", "应用自有键盘");

/// Parts of names of classes that are keyboards.
const KEYBOARDS: [&str; 6] = [
    "Keyboard",
    "KeyBoard",
    "PassGuard",
    "SafeEdit",
    "SecurityEdit",
    "PasswordInput",
];

fn in_layout(view: &View<'_>) -> Option<Evidence> {
    let name = view.simple_class();
    let is_own = view.class().contains('.') && KEYBOARDS.iter().any(|part| name.contains(part));
    is_own.then(|| Evidence::in_xml(OWN, view.file(), view.xml_path()).string(view.class()))
}

/// A keyboard in code: a view of keys, or the system's one kept away from fields.
fn keyboard(facts: &Facts) -> Option<Evidence> {
    let code = &facts.code;
    let views = code.descendants_of("android.inputmethodservice.KeyboardView");
    if let Some(class) = views.first() {
        return Some(Evidence::in_file(OWN, class.file()).class(class.name()));
    }
    let keys = code.calls_to("android.inputmethodservice.Keyboard", "<init>");
    let hidden = code.calls_to("android.widget.TextView", "setShowSoftInputOnFocus");
    let hidden = hidden.into_iter().find(|call| call.ints(0) == [0]);
    // Old apps call the method by name, since the platform hid it.
    let by_name = code.uses_of_text("setShowSoftInputOnFocus");
    keys.first()
        .map(|call| Evidence::at(OWN, &call.site()))
        .or_else(|| hidden.map(|call| Evidence::at(OWN, &call.site())))
        .or_else(|| {
            by_name
                .first()
                .map(|found| Evidence::at(OWN, &found.site()))
        })
}

#[cfg(test)]
fn layout(keyboard: &str) -> Sample {
    let namespace = crate::xml::ANDROID_NAMESPACE;
    Sample::apk("<application/>").xml(
        "res/layout/login.xml",
        &format!(
            "<LinearLayout xmlns:android=\"{namespace}\">\
             <EditText android:id=\"@+id/pwd\" android:inputType=\"0x81\"/>{keyboard}\
             </LinearLayout>"
        ),
    )
}
