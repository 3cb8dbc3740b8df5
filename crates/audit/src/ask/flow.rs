//! Where values come from and where they go: what the same few questions about data flow need.

use std::collections::{HashSet, VecDeque};

use super::own::is_library;
use super::sensitive::{self, Kind};
use crate::facts::code::{Call, Code, Method};
use crate::facts::{Facts, Origin};

/// A value that gives something away, and what tells so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Named {
    /// What it is.
    pub(crate) kind: Kind,
    /// What tells so: the field, key, view or method.
    pub(crate) name: String,
    /// Whether the data is named itself, and not only labelled in a message.
    pub(crate) certain: bool,
}

impl Named {
    fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            certain: true,
        }
    }

    /// Whether a library calls something so that lets nobody in: media and connections have
    /// sessions too.
    pub(crate) fn is_harmless_in(&self, class: &str) -> bool {
        is_library(class) && self.name.to_lowercase().contains("session")
    }
}

/// Values looked at for one question.
const STEPS_MAX: usize = 128;

/// Everything that a value is made of: itself, pieces of texts, what fields and methods of the
/// package held and returned, what objects and arrays were filled with. Nearest first. Parameters
/// stay as they are: [`sinks`] looks at the callers.
pub(crate) fn ingredients<'a>(value: &Origin<'a>) -> Vec<Origin<'a>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut next = VecDeque::from([value.clone()]);
    while let Some(value) = next.pop_front() {
        if found.len() >= STEPS_MAX {
            break;
        }
        if !seen.insert(value.clone()) {
            continue;
        }
        next.extend(value.before());
        next.extend(value.parts().into_iter().filter(|part| *part != value));
        match &value {
            Origin::Result(call) => next.extend(formatted(call)),
            Origin::Array(array) => next.extend(array.elements().unwrap_or_default()),
            Origin::New(object) => {
                let constructor = object.constructor();
                if is_wrapper(&object.class_name()) {
                    next.extend(constructor.iter().flat_map(Call::arguments));
                }
            }
            _ => {}
        }
        found.push(value);
    }
    found
}

/// What a call puts into the text or path that it returns.
fn formatted<'a>(call: &Call<'a>) -> Vec<Origin<'a>> {
    let target = call.target();
    let name = target.name();
    let takes = match target.class_name().as_ref() {
        "java.lang.String" => matches!(
            name.as_ref(),
            "format" | "join" | "replace" | "substring" | "toLowerCase" | "toUpperCase" | "concat"
        ),
        "java.io.File" => matches!(
            name.as_ref(),
            "getAbsolutePath" | "getPath" | "toString" | "getAbsoluteFile" | "getCanonicalPath"
        ),
        "android.net.Uri" => matches!(
            name.as_ref(),
            "parse"
                | "fromFile"
                | "toString"
                | "getQueryParameter"
                | "getPath"
                | "withAppendedPath"
        ),
        "java.lang.StringBuilder" | "java.lang.StringBuffer" => name == "toString",
        _ => false,
    };
    match takes {
        true => call
            .receiver()
            .into_iter()
            .chain(call.arguments())
            .collect(),
        false => Vec::new(),
    }
}

/// Objects that are what they are made from.
fn is_wrapper(class: &str) -> bool {
    matches!(
        class,
        "java.lang.String"
            | "java.io.File"
            | "java.net.URL"
            | "java.io.FileOutputStream"
            | "java.io.FileInputStream"
            | "java.io.FileWriter"
            | "java.io.RandomAccessFile"
            | "android.text.SpannableString"
    )
}

/// The worst that a value gives away, to go by the names on its way.
pub(crate) fn named(facts: &Facts, value: &Origin<'_>) -> Option<Named> {
    ingredients(value)
        .iter()
        .filter_map(|ingredient| named_itself(facts, ingredient))
        .min_by_key(|named| named.kind)
}

/// The same, and by the labels in front of it: `"password: " + value`.
pub(crate) fn named_in_message(facts: &Facts, value: &Origin<'_>) -> Option<Named> {
    let ingredients = ingredients(value);
    let labelled = ingredients
        .iter()
        .flat_map(|ingredient| labelled(&ingredient.parts()));
    let itself = ingredients
        .iter()
        .filter_map(|ingredient| named_itself(facts, ingredient));
    itself
        .chain(labelled)
        .min_by_key(|named| (named.kind, !named.certain))
}

fn labelled(parts: &[Origin<'_>]) -> Vec<Named> {
    let pairs = parts.windows(2).filter_map(|pair| {
        let [label, value] = pair else {
            return None;
        };
        let label = label.text()?;
        let kind = sensitive::kind_of_label(&label)?;
        (can_carry(value) && !is_protected(value)).then(|| Named {
            // A field has a name of its own, which says something else.
            certain: matches!(value, Origin::Result(_)),
            ..Named::new(kind, label.trim())
        })
    });
    pairs.collect()
}

/// Whether a piece of a message can be the data itself and not, say, a number of attempts.
fn can_carry(value: &Origin<'_>) -> bool {
    match value {
        Origin::Result(call) => {
            let target = call.target();
            let returned = target.return_type();
            let about = [
                "getMessage",
                "getLocalizedMessage",
                "length",
                "size",
                "isEmpty",
            ];
            !about.contains(&target.name().as_ref()) && !is_number(&returned)
        }
        Origin::Field(field) => !is_number(&field.type_name()),
        Origin::Parameter(_) => true,
        _ => false,
    }
}

fn is_number(type_name: &str) -> bool {
    matches!(
        type_name,
        "boolean" | "int" | "long" | "short" | "byte" | "float" | "double"
    )
}

/// What a value gives away by its own name.
fn named_itself(facts: &Facts, value: &Origin<'_>) -> Option<Named> {
    match value {
        Origin::Field(field) => {
            let kind = sensitive::kind_of_name(&field.name())?;
            let holds = holds_text(&field.type_name())
                || (kind == Kind::Money && is_number(&field.type_name()));
            // A constant of the platform or of the app is a name, not the data.
            let constant = field
                .definition()
                .is_some_and(|definition| definition.initial_value().is_some());
            (holds && !constant).then(|| Named::new(kind, field.qualified_name()))
        }
        Origin::Result(call) => named_result(facts, call),
        _ => None,
    }
}

/// Calls that look something up by a key.
const LOOK_UPS: &[&str] = &[
    "getString",
    "optString",
    "getStringExtra",
    "getCharSequence",
    "getCharSequenceExtra",
    "getQueryParameter",
    "get",
    "opt",
    "getAsString",
    "decodeString",
];

fn named_result(facts: &Facts, call: &Call<'_>) -> Option<Named> {
    let target = call.target();
    let (class, name) = (target.class_name(), target.name());
    if let Some(kind) = kind_of_platform_call(&class, &name) {
        return Some(Named::new(kind, format!("{class}.{name}")));
    }
    if name == "findViewById" || name == "getText" {
        return named_view(facts, call);
    }
    if LOOK_UPS.contains(&name.as_ref()) && target.return_type() != "java.lang.Class" {
        return call
            .texts(0)
            .into_iter()
            .find_map(|key| Some(Named::new(sensitive::kind_of_name(&key)?, key)));
    }
    // A getter of the package; what libraries call a token is another matter.
    let is_getter = name.starts_with("get") && call.arguments().next().is_none();
    if is_getter && holds_text(&target.return_type()) && target.definition().is_some() {
        let kind = sensitive::kind_of_name(name.get(3..)?)?;
        return Some(Named::new(kind, target.qualified_name()));
    }
    None
}

/// What the view is called whose text is taken: by its id, or by the field that holds it.
pub(crate) fn named_view(facts: &Facts, call: &Call<'_>) -> Option<Named> {
    if call.target().name() == "findViewById" {
        let table = facts.android.as_ref()?.resources.as_ref()?;
        return call.ints(0).into_iter().find_map(|id| {
            let id = u32::try_from(id & 0xffff_ffff).ok()?;
            let name = table.name_of(id)?;
            let name = name.rsplit('/').next().unwrap_or_default().to_owned();
            let kind = sensitive::kind_of_name(&name)?;
            Some(Named::new(kind, name))
        });
    }
    let view = call.receiver()?;
    ingredients(&view)
        .iter()
        .find_map(|ingredient| match ingredient {
            Origin::Field(_) => named_itself(facts, ingredient),
            Origin::Result(call) if call.target().name() == "findViewById" => {
                named_view(facts, call)
            }
            _ => None,
        })
}

fn kind_of_platform_call(class: &str, name: &str) -> Option<Kind> {
    match (class, name) {
        (
            "android.telephony.TelephonyManager",
            "getLine1Number" | "getDeviceId" | "getImei" | "getMeid" | "getSubscriberId"
            | "getSimSerialNumber",
        )
        | ("android.telephony.SmsMessage", "getMessageBody" | "getDisplayMessageBody") => {
            Some(Kind::Personal)
        }
        (
            "android.accounts.AccountManager",
            "getPassword" | "peekAuthToken" | "blockingGetAuthToken",
        )
        | ("android.webkit.CookieManager", "getCookie") => Some(Kind::Credential),
        _ => None,
    }
}

fn holds_text(type_name: &str) -> bool {
    matches!(
        type_name,
        "java.lang.String"
            | "java.lang.CharSequence"
            | "java.lang.StringBuilder"
            | "char[]"
            | "byte[]"
            | "android.text.Editable"
    ) || type_name.ends_with("EditText")
        || type_name.ends_with("AutoCompleteTextView")
}

/// Whether a cipher, digest or key store was on the way of a value.
pub(crate) fn is_protected(value: &Origin<'_>) -> bool {
    ingredients(value)
        .iter()
        .any(|ingredient| match ingredient {
            Origin::Result(call) => {
                let target = call.target();
                let class = target.class_name();
                match (class.as_ref(), target.name().as_ref()) {
                    ("javax.crypto.Cipher", "doFinal" | "update") => !decrypts(call),
                    ("javax.crypto.Cipher", "wrap")
                    | ("java.security.MessageDigest" | "javax.crypto.Mac", "digest" | "doFinal")
                    | ("javax.crypto.SecretKeyFactory", "generateSecret") => true,
                    (_, name) => sensitive::is_protected_name(name),
                }
            }
            Origin::Field(field) => sensitive::is_protected_name(&field.name()),
            _ => false,
        })
}

/// Whether a cipher is seen to be set up for decryption only.
fn decrypts(call: &Call<'_>) -> bool {
    const DECRYPT_MODE: i64 = 2;
    let others = call.on_same_object().into_iter();
    let mut modes = others
        .filter(|other| other.target().name() == "init")
        .flat_map(|init| init.ints(0))
        .peekable();
    modes.peek().is_some() && modes.all(|mode| mode == DECRYPT_MODE)
}

/// A value that other apps chose: data of an intent, of a link, of a provider's caller.
pub(crate) fn from_outside(value: &Origin<'_>) -> Option<String> {
    ingredients(value).iter().find_map(|ingredient| {
        let Origin::Result(call) = ingredient else {
            return None;
        };
        let target = call.target();
        let (class, name) = (target.class_name(), target.name());
        let is_outside = match class.as_ref() {
            "android.content.Intent" => {
                name.starts_with("get") && (name.ends_with("Extra") || name == "getData")
                    || matches!(name.as_ref(), "getDataString" | "getExtras" | "getClipData")
            }
            "android.net.Uri" => matches!(
                name.as_ref(),
                "getQueryParameter" | "getLastPathSegment" | "getPathSegments"
            ),
            "android.os.Bundle" | "android.os.BaseBundle" => {
                name == "getString" && call.receiver().is_some_and(|bundle| is_of_intent(&bundle))
            }
            _ => false,
        };
        is_outside.then(|| {
            let key = call.texts(0).into_iter().next();
            key.map_or_else(|| format!("{class}.{name}"), |key| key.into_owned())
        })
    })
}

fn is_of_intent(bundle: &Origin<'_>) -> bool {
    ingredients(bundle).iter().any(|ingredient| {
        matches!(ingredient, Origin::Result(call)
            if call.target().name() == "getExtras"
                && call.target().class_name() == "android.content.Intent")
    })
}

/// Whether a path is on storage that other apps and people reach.
pub(crate) fn is_on_external_storage(path: &Origin<'_>) -> bool {
    ingredients(path).iter().any(|ingredient| match ingredient {
        Origin::Result(call) => {
            let target = call.target();
            matches!(
                (target.class_name().as_ref(), target.name().as_ref()),
                (
                    "android.os.Environment",
                    "getExternalStorageDirectory" | "getExternalStoragePublicDirectory"
                ) | (
                    _,
                    "getExternalFilesDir"
                        | "getExternalFilesDirs"
                        | "getExternalCacheDir"
                        | "getExternalCacheDirs"
                        | "getExternalMediaDirs"
                )
            )
        }
        Origin::Text(text) => {
            text.starts_with("/sdcard")
                || text.starts_with("/mnt/sdcard")
                || text.starts_with("/storage/emulated")
        }
        _ => false,
    })
}

/// A call that something flows into, with the values that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Sink<'a> {
    /// The call: of the platform's method, or of a method of the package that passes its
    /// parameters on to it.
    pub(crate) call: Call<'a>,
    /// The arguments in question. `None` for one that a wrapper adds: it is seen where the wrapper
    /// calls on.
    pub(crate) values: Vec<Option<Origin<'a>>>,
}

impl<'a> Sink<'a> {
    /// One of the arguments.
    pub(crate) fn value(&self, number: usize) -> Option<&Origin<'a>> {
        self.values.get(number)?.as_ref()
    }

    /// The arguments that are given here.
    pub(crate) fn given(&self) -> impl Iterator<Item = &Origin<'a>> {
        self.values.iter().flatten()
    }
}

/// Wrappers around wrappers that are looked through.
const WRAPPED_MAX: usize = 3;
/// Sinks looked at; a package with more is generated to tire out its readers.
const SINKS_MAX: usize = 100_000;

/// The calls that the arguments `numbers` (of the signature, from 0) of `calls` come from: the
/// calls themselves and, where a method of the package passes its own parameters on, its callers.
/// A logger, a store or a helper around the platform's is then seen where it is used. Wrappers
/// inside of known libraries are their own affair.
pub(crate) fn sinks<'a>(
    calls: impl IntoIterator<Item = Call<'a>>,
    numbers: &[usize],
) -> Vec<Sink<'a>> {
    let first = calls.into_iter().map(|call| Sink {
        values: numbers
            .iter()
            .map(|number| call.argument(*number))
            .collect(),
        call,
    });
    let mut found: Vec<Sink<'a>> = first.take(SINKS_MAX).collect();
    let mut from = 0;
    let mut known: HashSet<(Method<'a>, Vec<Option<u16>>)> = HashSet::new();
    for _ in 0..WRAPPED_MAX {
        let until = found.len();
        for at in from..until {
            let Some(sink) = found.get(at) else { break };
            let method = sink.call.method();
            let values = sink.values.iter();
            let parameters: Vec<Option<u16>> = values
                .map(|value| parameter_in(value.as_ref()?, method))
                .collect();
            if parameters.iter().all(Option::is_none)
                || is_library(&method.class().name())
                || !known.insert((method, parameters.clone()))
                || found.len() >= SINKS_MAX
            {
                continue;
            }
            let receivers = u16::from(!method.is_static());
            let callers = method.callers().map(|call| Sink {
                values: parameters
                    .iter()
                    .map(|parameter| {
                        let number = usize::from(parameter.as_ref()?.saturating_sub(receivers));
                        call.argument(number)
                    })
                    .collect(),
                call,
            });
            found.extend(callers);
        }
        from = until;
    }
    // Accessors for inner classes are nobody's code.
    found.retain(|sink| !sink.call.method().name().starts_with("access$"));
    found
}

/// The parameter of `method` that a value is made of, if it is.
fn parameter_in<'a>(value: &Origin<'a>, method: Method<'a>) -> Option<u16> {
    if !matches!(
        value,
        Origin::Parameter(_) | Origin::Result(_) | Origin::OneOf(_)
    ) {
        return None;
    }
    ingredients(value)
        .iter()
        .find_map(|ingredient| match ingredient {
            Origin::Parameter(parameter)
                if !parameter.is_this() && parameter.method() == method =>
            {
                Some(parameter.number())
            }
            _ => None,
        })
}

/// The calls to any of `names` of `class`.
pub(crate) fn calls_to_any<'a>(code: &'a Code, class: &str, names: &[&str]) -> Vec<Call<'a>> {
    names
        .iter()
        .flat_map(|name| code.calls_to(class, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn wrappers_are_seen_where_they_are_used() {
        let facts = fixture::facts_of_code(
            ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n\
             .field public static password:Ljava/lang/String;\n\
             .method public static log(Ljava/lang/String;)V\n.registers 2\n\
             const-string v0, \"A\"\n\
             invoke-static {v0, p0}, Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I\n\
             return-void\n.end method\n\
             .method public static use()V\n.registers 1\n\
             sget-object v0, Lcom/bank/A;->password:Ljava/lang/String;\n\
             invoke-static {v0}, Lcom/bank/A;->log(Ljava/lang/String;)V\n\
             return-void\n.end method\n",
        );
        let found = sinks(facts.code.calls_to("android.util.Log", "d"), &[1]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].call.method().name(), "use");
        let named = named(&facts, found[1].value(0).unwrap()).unwrap();
        assert_eq!(
            (named.kind, named.name.as_str()),
            (Kind::Credential, "com.bank.A.password")
        );
        assert_eq!(super::named(&facts, found[0].value(0).unwrap()), None);
    }
}
