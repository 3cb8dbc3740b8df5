//! Questions about the modules of a HarmonyOS app.

use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::Harmony;
use crate::facts::harmony::{Ability, Module};

/// The answer of a check that finds no module.
pub(crate) const NO_MODULE: Outcome =
    Outcome::NotApplicable(words("there is no module", "没有模块"));

/// The facts of HarmonyOS, if there is a module among them.
pub(crate) fn harmony<'a>(subject: &Subject<'a>) -> Option<&'a Harmony> {
    let harmony = subject.facts.harmony.as_ref();
    harmony.filter(|harmony| !harmony.modules.is_empty())
}

/// Judges one module after the other.
pub(crate) fn each_module(
    subject: &Subject<'_>,
    judge: impl Fn(&Module, &mut Findings),
) -> Outcome {
    let Some(harmony) = harmony(subject) else {
        return NO_MODULE;
    };
    let mut findings = Findings::new();
    for module in &harmony.modules {
        judge(module, &mut findings);
    }
    findings.into()
}

/// Whether the module is described in the older model (`config.json`), whose defaults differ.
pub(crate) fn is_older_model(module: &Module) -> bool {
    module.file.ends_with("config.json")
}

/// Evidence in the description of a module.
pub(crate) fn in_module(what: Words, module: &Module, path: &str) -> Evidence {
    Evidence::in_xml(what, &module.file, path)
}

/// Evidence about one of its abilities.
pub(crate) fn in_ability(what: Words, module: &Module, ability: &Ability) -> Evidence {
    in_module(what, module, "/module/abilities").string(ability.name.as_str())
}

/// Whether an ability is the start of the app, which the desktop opens.
pub(crate) fn is_launcher(ability: &Ability) -> bool {
    ability.actions.iter().any(|action| {
        matches!(
            action.as_str(),
            "action.system.home" | "ohos.want.action.home"
        )
    })
}

/// Permissions that the user is asked for while the app runs. They need a reason and a scene.
pub(crate) const ASKED_OF_USER: [&str; 33] = [
    "ohos.permission.ACCESS_BLUETOOTH",
    "ohos.permission.ACCESS_NEARLINK",
    "ohos.permission.ACTIVITY_MOTION",
    "ohos.permission.ANSWER_CALL",
    "ohos.permission.APP_TRACKING_CONSENT",
    "ohos.permission.APPROXIMATELY_LOCATION",
    "ohos.permission.CAMERA",
    "ohos.permission.CUSTOM_SCREEN_CAPTURE",
    "ohos.permission.DISTRIBUTED_DATASYNC",
    "ohos.permission.GET_INSTALLED_BUNDLE_LIST",
    "ohos.permission.LOCATION",
    "ohos.permission.LOCATION_IN_BACKGROUND",
    "ohos.permission.MANAGE_VOICEMAIL",
    "ohos.permission.MEDIA_LOCATION",
    "ohos.permission.MICROPHONE",
    "ohos.permission.READ_AUDIO",
    "ohos.permission.READ_CALENDAR",
    "ohos.permission.READ_CALL_LOG",
    "ohos.permission.READ_CELL_MESSAGES",
    "ohos.permission.READ_CONTACTS",
    "ohos.permission.READ_HEALTH_DATA",
    "ohos.permission.READ_IMAGEVIDEO",
    "ohos.permission.READ_MEDIA",
    "ohos.permission.READ_MESSAGES",
    "ohos.permission.READ_PASTEBOARD",
    "ohos.permission.READ_WRITE_DESKTOP_DIRECTORY",
    "ohos.permission.READ_WRITE_DOCUMENTS_DIRECTORY",
    "ohos.permission.READ_WRITE_DOWNLOAD_DIRECTORY",
    "ohos.permission.SHORT_TERM_WRITE_IMAGEVIDEO",
    "ohos.permission.WRITE_CALENDAR",
    "ohos.permission.WRITE_CONTACTS",
    "ohos.permission.WRITE_IMAGEVIDEO",
    "ohos.permission.WRITE_MEDIA",
];

/// Permissions that only apps of the system get, or apps that were reviewed for them.
pub(crate) const RESTRICTED: [&str; 12] = [
    "ohos.permission.CAPTURE_SCREEN",
    "ohos.permission.GET_BUNDLE_INFO_PRIVILEGED",
    "ohos.permission.GET_SENSITIVE_PERMISSIONS",
    "ohos.permission.INSTALL_BUNDLE",
    "ohos.permission.MANAGE_MISSIONS",
    "ohos.permission.READ_CALL_LOG",
    "ohos.permission.READ_MESSAGES",
    "ohos.permission.READ_PASTEBOARD",
    "ohos.permission.SEND_MESSAGES",
    "ohos.permission.START_ABILITIES_FROM_BACKGROUND",
    "ohos.permission.SYSTEM_FLOAT_WINDOW",
    "ohos.permission.WRITE_CALL_LOG",
];

/// A HAP with this module inside of `module.json`, for fixtures.
#[cfg(test)]
pub(crate) fn sample(module: &str) -> crate::judgement::fixtures::Sample {
    sample_of("", module)
}

/// The same, with something about the app too.
#[cfg(test)]
pub(crate) fn sample_of(app: &str, module: &str) -> crate::judgement::fixtures::Sample {
    crate::judgement::fixtures::Sample::hap(&format!(
        "{{\"app\":{{\"bundleName\":\"com.bank\"{app}}},\
         \"module\":{{\"name\":\"entry\",\"type\":\"entry\"{module}}}}}"
    ))
}

/// A HAP whose module cannot be read.
#[cfg(test)]
pub(crate) fn damaged() -> crate::judgement::fixtures::Sample {
    sample("").damaged("module.json")
}
