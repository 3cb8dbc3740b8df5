//! Questions about the layouts of an Android app.

use std::collections::BTreeSet;

use crate::attributes;
use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::android::View;
use crate::facts::{Android, Code, Origin};
use crate::xml::{Dimension, DimensionUnit, Value};

/// Starts of the names of layouts that the support libraries and their successors bring along.
/// Whoever writes an app can change neither, and code fills in what they lack.
const LIBRARY_LAYOUTS: [&str; 17] = [
    "abc_",
    "browser_actions_",
    "com_facebook_",
    "common_google_",
    "custom_dialog",
    "design_",
    "exo_",
    "ime_",
    "m3_",
    "material_",
    "mr_",
    "mtrl_",
    "notification_",
    "preference",
    "select_dialog_",
    "splash_screen_view",
    "support_simple_",
];

/// Whether a layout is of the libraries that nearly every app is built with.
pub(crate) fn is_of_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    LIBRARY_LAYOUTS.iter().any(|start| name.starts_with(start))
}

/// The views of the layouts of the app and of the libraries that are not everybody's.
pub(crate) fn views(android: &Android) -> impl Iterator<Item = View<'_>> {
    android.views().filter(|view| !is_of_library(view.file()))
}

/// Judges one view after the other. An app without layouts has nothing to be judged: it is without
/// pages, or draws them by code.
pub(crate) fn each_view(
    subject: &Subject<'_>,
    mut judge: impl FnMut(&View<'_>, &mut Findings),
) -> Outcome {
    let android = subject.facts.android.as_ref();
    let mut findings = Findings::new();
    let mut found = false;
    for view in android.into_iter().flat_map(views) {
        judge(&view, &mut findings);
        found = true;
    }
    if found { findings.into() } else { NO_LAYOUT }
}

/// The answer of a check that finds no layout.
pub(crate) const NO_LAYOUT: Outcome =
    Outcome::NotApplicable(words("there are no layouts", "没有布局"));

/// Evidence about a view: where it stands, and its id or else its class.
pub(crate) fn about(what: Words, view: &View<'_>) -> Evidence {
    let name = view.id().unwrap_or_else(|| view.simple_class().to_owned());
    Evidence::in_xml(what, view.file(), view.xml_path()).string(name)
}

/// Adds evidence about a view, as long as there is not too much of it already.
pub(crate) fn note(found: &mut Vec<Evidence>, what: Words, view: &View<'_>) {
    /// More than any report shows. To name the place of a view its siblings are counted, so that
    /// a layout with a million of them would cost their square.
    const NOTES_MAX: usize = 1_000;
    if found.len() < NOTES_MAX {
        found.push(about(what, view));
    }
}

/// Whether it is a picture, or a button that shows one.
pub(crate) fn is_picture(view: &View<'_>) -> bool {
    let class = view.simple_class();
    class.ends_with("ImageView")
        || class.ends_with("ImageButton")
        || class.ends_with("FloatingActionButton")
}

/// Whether a reaction to touches is expected of it.
pub(crate) fn is_control(view: &View<'_>) -> bool {
    view.is_clickable()
        || view.is_input()
        || matches!(
            view.simple_class(),
            "CheckBox"
                | "RadioButton"
                | "Switch"
                | "SwitchCompat"
                | "ToggleButton"
                | "Spinner"
                | "SeekBar"
                | "MaterialButton"
                | "AppCompatButton"
        )
}

/// Whether a view stands for others that are described elsewhere: in another layout, or by code.
pub(crate) fn stands_for_others(view: &View<'_>) -> bool {
    matches!(
        view.simple_class(),
        "include" | "fragment" | "FragmentContainerView" | "ViewStub"
    )
}

/// The id of a view as a number, where the layout is compiled.
pub(crate) fn number_of(view: &View<'_>) -> Option<i64> {
    match view.node().platform(attributes::ID)? {
        Value::Reference(id) => Some(i64::from(*id)),
        _ => None,
    }
}

/// The ids of the views that code calls this method on, as far as it finds them by id.
pub(crate) fn ids_with_call(code: &Code, class: &str, method: &str) -> BTreeSet<i64> {
    let calls = code.calls_to(class, method).into_iter();
    let receivers = calls.filter_map(|call| call.receiver());
    let origins = receivers.flat_map(|receiver| receiver.resolve());
    origins
        .filter_map(|origin| match origin {
            Origin::Result(call) if call.target().name() == "findViewById" => Some(call.ints(0)),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The length of a dimension in density-independent pixels; `None` for what depends on the screen
/// or is none, such as `match_parent`.
pub(crate) fn dp_of(android: &Android, view: &View<'_>, attribute: u32) -> Option<f32> {
    let dimension = match android.resolve(view.node().platform(attribute)?) {
        Value::Dimension(dimension) => dimension,
        Value::Text(text) => {
            let digits = text
                .strip_suffix("dip")
                .or_else(|| text.strip_suffix("dp"))?;
            Dimension {
                length: digits.parse().ok()?,
                unit: DimensionUnit::Dp,
            }
        }
        _ => return None,
    };
    (dimension.unit == DimensionUnit::Dp).then_some(dimension.length)
}

/// An APK with one layout, in which these views stand, for fixtures.
#[cfg(test)]
pub(crate) fn sample(views: &str) -> crate::judgement::fixtures::Sample {
    sample_named("res/layout/pay.xml", views)
}

/// The same with the path of the layout.
#[cfg(test)]
pub(crate) fn sample_named(path: &str, views: &str) -> crate::judgement::fixtures::Sample {
    let layout = format!(
        "<LinearLayout xmlns:android=\"{}\" xmlns:app=\"http://schemas.android.com/apk/res-auto\">{views}</LinearLayout>",
        crate::xml::ANDROID_NAMESPACE
    );
    crate::judgement::fixtures::Sample::apk("<application/>").xml(path, &layout)
}

/// An APK whose layout cannot be read.
#[cfg(test)]
pub(crate) fn damaged() -> crate::judgement::fixtures::Sample {
    sample("<View/>").damaged("res/layout/pay.xml")
}
