//! Screens that show or take passwords, and whether they keep others from looking.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::components::{is_of_library, outer_class, with_superclasses};
use super::personal::has_word;
use crate::check::Subject;
use crate::facts::android::{Component, ComponentKind};
use crate::facts::code::{Call, Method};
use crate::facts::{Android, Code};
use crate::xml::Value;

/// `WindowManager.LayoutParams.FLAG_SECURE`.
const FLAG_SECURE: i64 = 0x2000;

/// A screen that needs protection, and why it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screen {
    /// The class of the activity, fragment or dialog.
    pub(crate) class: String,
    /// The layout with a password input that it shows; `None` if it was declared.
    pub(crate) layout: Option<String>,
}

/// The sensitive screens of an Android package: those declared, and those that show a layout in
/// which passwords are typed.
pub(crate) fn sensitive(subject: &Subject<'_>) -> Vec<Screen> {
    let Some(android) = &subject.facts.android else {
        return Vec::new();
    };
    let code = &subject.facts.code;
    let declared = subject.configuration.declared.sensitive_screens.iter();
    let mut screens: BTreeMap<String, Option<String>> = declared
        .filter(|class| is_of_package(android, code, class))
        .map(|class| (class.clone(), None))
        .collect();
    let layouts = password_layouts(android);
    if !layouts.is_empty() {
        for call in layout_calls(code) {
            for id in call
                .arguments()
                .next()
                .into_iter()
                .filter_map(|id| id.int())
            {
                let layout = u32::try_from(id).ok().and_then(|id| layouts.get(&id));
                if let Some(layout) = layout {
                    let class = call.method().class().name();
                    let screen = outer_class(&class).to_owned();
                    screens
                        .entry(screen)
                        .or_insert_with(|| Some(layout.clone()));
                }
            }
        }
    }
    screens
        .into_iter()
        .map(|(class, layout)| Screen { class, layout })
        .collect()
}

/// The activities whose names say that they are about money or passwords, launchers left out.
pub(crate) fn named_for_money(android: &Android) -> Vec<&Component> {
    const WORDS: [&str; 14] = [
        "transfer",
        "pay",
        "payment",
        "withdraw",
        "recharge",
        "trade",
        "remit",
        "remittance",
        "password",
        "login",
        "statement",
        "balance",
        "cardinfo",
        "pin",
    ];
    let is_about = |component: &&Component| {
        let simple = component.name.rsplit('.').next().unwrap_or_default();
        component.kind == ComponentKind::Activity
            && !is_of_library(&component.name)
            && has_word(simple, &WORDS)
    };
    android.components().filter(is_about).collect()
}

fn is_of_package(android: &Android, code: &Code, class: &str) -> bool {
    android
        .components()
        .any(|component| component.name == class)
        || code.class(class).is_some()
}

/// The calls that put a layout on the screen.
fn layout_calls(code: &Code) -> impl Iterator<Item = Call<'_>> {
    code.calls_named("setContentView")
        .chain(code.calls_named("inflate"))
}

/// The layouts in which passwords are typed, with the file, by resource id. Layouts that include
/// them count as well.
pub(crate) fn password_layouts(android: &Android) -> BTreeMap<u32, String> {
    /// Layouts in layouts in layouts.
    const DEPTH_MAX: usize = 4;
    let Some(table) = &android.resources else {
        return BTreeMap::new();
    };
    let mut ids: BTreeMap<String, u32> = BTreeMap::new();
    for (path, type_name, id, _) in table.files() {
        if type_name == "layout" {
            ids.insert(path.into_owned(), id);
        }
    }
    let id_of = |path: &str| {
        ids.get(path)
            .or_else(|| ids.get(path.split("!/").last()?))
            .copied()
    };
    let mut found: BTreeMap<u32, String> = android
        .views()
        .filter(|view| view.is_hidden_password() || view.is_visible_password())
        .filter_map(|view| Some((id_of(view.file())?, view.file().to_owned())))
        .collect();
    for _ in 0..DEPTH_MAX {
        let including = android.documents_of("layout").filter(|file| {
            file.document.nodes().any(|node| {
                let included = node.plain("layout").filter(|_| node.name() == "include");
                matches!(included, Some(Value::Reference(id)) if found.contains_key(id))
            })
        });
        let new: Vec<(u32, String)> = including
            .filter_map(|file| Some((id_of(&file.path)?, file.path.clone())))
            .filter(|(id, _)| !found.contains_key(id))
            .collect();
        if new.is_empty() {
            break;
        }
        found.extend(new);
    }
    found
}

/// Which classes call one of some methods as they come up.
#[derive(Debug, Default)]
pub(crate) struct Protected {
    classes: BTreeSet<String>,
    everywhere: bool,
}

impl Protected {
    /// Whether a screen is among them, by itself or by a class that it extends.
    pub(crate) fn covers(&self, code: &Code, class: &str) -> bool {
        self.everywhere
            || self.classes.contains(class)
            || with_superclasses(code, class)
                .iter()
                .any(|class| self.classes.contains(class.name().as_ref()))
    }

    /// Notes the class in whose start a method runs: its own, or those of its callers.
    fn note<'a>(&mut self, method: Method<'a>, depth: usize, seen: &mut HashSet<Method<'a>>) {
        /// Callers of callers of callers.
        const DEPTH_MAX: usize = 3;
        if !seen.insert(method) {
            return;
        }
        let name = method.name();
        // The callbacks that hear of every activity of the app.
        let hears_all = method.descriptor().starts_with("(Landroid/app/Activity;");
        if hears_all && name.starts_with("onActivity") {
            self.everywhere = true;
            return;
        }
        let class = method.class().name();
        let callers = match is_start(&name) || depth >= DEPTH_MAX {
            true => Vec::new(),
            false => method.callers().collect(),
        };
        if callers.is_empty() {
            self.classes.insert(outer_class(&class).to_owned());
        }
        for caller in callers {
            self.note(caller.method(), depth + 1, seen);
        }
    }
}

/// Whether a method runs whenever its screen comes up.
fn is_start(name: &str) -> bool {
    matches!(
        name,
        "<init>"
            | "onCreate"
            | "onStart"
            | "onResume"
            | "onPostCreate"
            | "onAttachedToWindow"
            | "onCreateView"
            | "onViewCreated"
            | "onCreateDialog"
            | "onWindowFocusChanged"
    )
}

fn protected_by<'a>(calls: impl Iterator<Item = Call<'a>>) -> Protected {
    let mut protected = Protected::default();
    let mut seen = HashSet::new();
    for call in calls {
        protected.note(call.method(), 0, &mut seen);
    }
    protected
}

/// The calls that set FLAG_SECURE.
pub(crate) fn secure_calls(code: &Code) -> Vec<Call<'_>> {
    let window = ["setFlags", "addFlags"]
        .into_iter()
        .flat_map(|name| code.calls_to("android.view.Window", name));
    let sets = window.filter(|call| call.ints(0).iter().any(|flags| flags & FLAG_SECURE != 0));
    sets.collect()
}

/// The screens that set FLAG_SECURE.
pub(crate) fn secure(code: &Code) -> Protected {
    protected_by(secure_calls(code).into_iter())
}

/// The screens that stay out of the list of recent tasks as pictures.
pub(crate) fn hidden_in_recents(code: &Code) -> Protected {
    let calls = code.calls_named("setRecentsScreenshotEnabled");
    protected_by(calls.filter(|call| call.ints(0).contains(&0)))
}

/// The screens that refuse touches, or windows, while others cover them.
pub(crate) fn obscured_touches_refused(code: &Code) -> Protected {
    let filters = code.calls_named("setFilterTouchesWhenObscured");
    let hides = code.calls_named("setHideOverlayWindows");
    let set = filters
        .chain(hides)
        .filter(|call| call.ints(0).contains(&1));
    let mut protected = protected_by(set);
    let overrides = code
        .overrides_of("android.view.View", "onFilterTouchEventForSecurity")
        .into_iter()
        .filter(|method| method.calls().next().is_some());
    for method in overrides {
        protected
            .classes
            .insert(outer_class(&method.class().name()).to_owned());
    }
    protected
}
