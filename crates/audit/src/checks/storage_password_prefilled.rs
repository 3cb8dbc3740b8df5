//! Whether a password field is filled with a stored password.
//!
//! Clauses: JR-6.2.1.2.b, JR-6.2.1.2.a, CJ-4.3.4.a.

use crate::ask::{flow, sensitive::Kind, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::Call;
use crate::facts::{Area, Facts, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-password-prefilled",
    title: words(
        "A password field is filled by the app",
        "应用自动填充密码框",
    ),
    purpose: words(
        "Whoever holds the phone logs in, and the password can be recovered from the device.",
        "持有手机者即可登录，且口令可从设备中还原。",
    ),
    procedure: words(
        "Look at what setText on fields that are named after passwords is given: constants that \
         are empty clear the field, anything else fills it.",
        "检查以口令命名的输入框调用 setText 的内容：空常量表示清空，其他表示填充。",
    ),
    criterion: words(
        "Password fields are only ever cleared.",
        "密码框只会被清空，不会被填充。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[256, 522],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let calls = ["android.widget.TextView", "android.widget.EditText"];
        let calls = calls
            .iter()
            .flat_map(|class| facts.code.calls_to(class, "setText"));
        Findings::wrong(calls.filter_map(|call| {
            let name = password_field(facts, &call)?;
            is_filled(&call).then(|| {
                let what = words("a password field is filled", "密码框被填充");
                Evidence::at(what, &call.site()).string(name)
            })
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(&fill(
                "sget-object v1, Lcom/bank/Main;->stored:Ljava/lang/String;",
            ))
        },
        evidence: &[
            "a password field is filled: com.bank.Main.passwordField at com.bank.Main.run()V",
        ],
        good: || Sample::method(&fill("const-string v1, \"\"")),
        broken: || Sample::method(&fill("const-string v1, \"x\"")).damaged("classes.dex"),
    },
};

/// The name of the field that a text is put into, if it is one for passwords.
fn password_field(facts: &Facts, call: &Call<'_>) -> Option<String> {
    let view = call.receiver()?;
    let named = flow::named(facts, &view)?;
    let is_input = match &view {
        Origin::Field(field) => field.type_name().ends_with("EditText"),
        _ => true,
    };
    (named.kind == Kind::Credential && is_input).then_some(named.name)
}

fn is_filled(call: &Call<'_>) -> bool {
    let Some(value) = call.argument(0) else {
        return false;
    };
    let cleared = |value: &Origin<'_>| {
        value.int() == Some(0) || value.text().is_some_and(|text| text.is_empty())
    };
    // A resource id is a text that everybody sees.
    let is_resource = value.int().is_some_and(|id| id != 0);
    !is_resource && !value.resolve().iter().all(cleared)
}

#[cfg(test)]
fn fill(value: &str) -> String {
    format!(
        "sget-object v0, Lcom/bank/Main;->passwordField:Landroid/widget/EditText;\n{value}\n\
         invoke-virtual {{v0, v1}}, Landroid/widget/EditText;->setText(Ljava/lang/CharSequence;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn other_fields_and_labels_may_be_filled() {
        let stored = fill("sget-object v1, Lcom/bank/Main;->stored:Ljava/lang/String;");
        let other = stored.replace("passwordField", "nameField");
        assert_eq!(
            Sample::method(&other).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let label = stored.replace(
            "passwordField:Landroid/widget/EditText;",
            "passwordField:Landroid/widget/TextView;",
        );
        assert_eq!(
            Sample::method(&label).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
