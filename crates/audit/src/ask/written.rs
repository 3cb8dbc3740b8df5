//! Values that are written down in the package, and the way they take to where they are used.
//!
//! [`Origin::resolve`] tells what a value can be. Here it matters whether a *secret* is in the
//! package: a key that a method of the app decodes from a constant, or that is digested from one,
//! is as public as the constant itself, and every place on its way is worth showing.

use std::collections::HashSet;

use crate::check::{Evidence, Words};
use crate::facts::Site;
use crate::facts::code::{Array, Call, Code, Method, NewObject, Origin, Parameter};

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Constant {
    /// A string.
    Text(String),
    /// The bytes of an array.
    Bytes(Vec<u8>),
}

impl Constant {
    /// As a reader of a report can find it again.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Self::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// Whether it is nothing but zeros.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty() && text.bytes().all(|byte| byte == 0),
            Self::Bytes(bytes) => bytes.iter().all(|byte| *byte == 0),
        }
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// A place on the way of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// In a method.
    Code(Site),
    /// The initial value of a static field.
    Field {
        /// The dex file.
        file: String,
        /// The class.
        class: String,
        /// The field.
        name: String,
    },
}

impl Step {
    /// Evidence about this place.
    pub(crate) fn evidence(&self, what: Words) -> Evidence {
        match self {
            Self::Code(site) => Evidence::at(what, site),
            Self::Field { file, class, name } => {
                Evidence::in_file(what, file).class(format!("{class}.{name}"))
            }
        }
    }
}

/// A constant with the places that it passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The constant.
    pub(crate) value: Constant,
    /// From where it is used back to where it is written; the place that was asked about is not
    /// among them. Empty if it is written right there.
    pub(crate) way: Vec<Step>,
}

/// The constants that `origin` is made from. Values that also need something else, such as a
/// salted password that somebody types, are not among them.
pub(crate) fn written<'a>(code: &'a Code, origin: &Origin<'a>) -> Vec<Written> {
    let mut walk = Walk {
        code,
        steps_left: STEPS_MAX,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    walk.visit(origin, &mut Vec::new());
    walk.found
}

/// Values looked at in one search.
const STEPS_MAX: usize = 256;
/// Fields, calls and returns followed one after the other.
const DEPTH_MAX: usize = 12;
/// Constants found in one search.
const FOUND_MAX: usize = 32;

struct Walk<'a> {
    code: &'a Code,
    steps_left: usize,
    seen: HashSet<Origin<'a>>,
    found: Vec<Written>,
}

impl<'a> Walk<'a> {
    fn keep(&mut self, value: Constant, way: &[Step]) {
        let written = Written {
            value,
            way: way.to_vec(),
        };
        if self.found.len() < FOUND_MAX && !self.found.contains(&written) {
            self.found.push(written);
        }
    }

    fn visit(&mut self, origin: &Origin<'a>, way: &mut Vec<Step>) {
        if self.steps_left == 0 || way.len() > DEPTH_MAX {
            return;
        }
        self.steps_left -= 1;
        // Constants are the ends, and reached over several ways.
        let is_end = matches!(origin, Origin::Text(_) | Origin::Array(_));
        if !is_end && !self.seen.insert(origin.clone()) {
            return;
        }
        match origin {
            Origin::OneOf(alternatives) => {
                for alternative in alternatives {
                    self.visit(alternative, way);
                }
            }
            Origin::Text(text) if !text.is_empty() => {
                self.keep(Constant::Text(text.clone().into_owned()), way);
            }
            Origin::Array(array) => self.array(array, way),
            Origin::New(object) => self.object(object, way),
            Origin::Field(_) => self.field(origin, way),
            Origin::Parameter(parameter) => self.parameter(parameter, way),
            Origin::Result(call) => self.result(call, way),
            _ => {}
        }
    }

    fn through(&mut self, step: Step, origin: &Origin<'a>, way: &mut Vec<Step>) {
        way.push(step);
        self.visit(origin, way);
        way.pop();
    }

    fn array(&mut self, array: &Array<'a>, way: &mut Vec<Step>) {
        let users = array.passed_to();
        // Copied into it: it is what was copied.
        for call in users.iter().filter(|call| is_copy(call)) {
            if call.argument(2) == Some(Origin::Array(*array))
                && let Some(source) = call.argument(0)
            {
                self.visit(&source, way);
            }
        }
        if users.iter().any(|call| fills(call, &Origin::Array(*array))) {
            return;
        }
        if let Some(bytes) = array.bytes().filter(|bytes| !bytes.is_empty()) {
            let mut way = way.clone();
            way.push(Step::Code(array.site()));
            self.keep(Constant::Bytes(bytes), &way);
        }
    }

    fn object(&mut self, object: &NewObject<'a>, way: &mut Vec<Step>) {
        let class = object.class_name();
        let Some((_, content)) = HOLDERS.iter().find(|(holder, _)| *holder == class) else {
            return;
        };
        let Some(constructor) = object.constructor() else {
            return;
        };
        if let Some(argument) = constructor.argument(*content) {
            self.through(Step::Code(constructor.site()), &argument, way);
        }
    }

    fn field(&mut self, origin: &Origin<'a>, way: &mut Vec<Step>) {
        let Origin::Field(reference) = origin else {
            return;
        };
        let Some(field) = reference.definition() else {
            return;
        };
        let (class, name) = (field.class(), field.name());
        if let Some(value) = field.initial_value() {
            let step = Step::Field {
                file: class.file().to_owned(),
                class: class.name().into_owned(),
                name: name.clone().into_owned(),
            };
            self.through(step, &value, way);
        }
        for access in field.accesses() {
            match access.value() {
                // A field of an object that is given its content holds something else in every
                // object; it is a constant only if all of them get one.
                Some(Origin::Parameter(parameter)) if !field.is_static() => {
                    self.given(&parameter, &access.site(), way);
                }
                Some(value) => self.through(Step::Code(access.site()), &value, way),
                None => {}
            }
        }
    }

    /// What every caller passes for a parameter that a field keeps, if all of it is written down.
    fn given(&mut self, parameter: &Parameter<'a>, site: &Site, way: &mut Vec<Step>) {
        /// Containers of the code's own are made everywhere.
        const CALLERS_MAX: usize = 8;
        let callers = parameter.method().callers();
        let callers: Vec<_> = callers.take(CALLERS_MAX + 1).collect();
        if parameter.is_this() || callers.len() > CALLERS_MAX {
            return;
        }
        let mut found = Vec::new();
        way.push(Step::Code(site.clone()));
        for call in &callers {
            let mut inner = self.inner();
            if let Some(value) = passed(call, parameter) {
                inner.through(Step::Code(call.site()), &value, way);
            }
            if inner.found.is_empty() {
                found.clear();
                break;
            }
            found.append(&mut inner.found);
        }
        way.pop();
        for written in found {
            self.keep(written.value, &written.way);
        }
    }

    /// A search of its own from here, with a share of the steps.
    fn inner(&self) -> Self {
        Walk {
            code: self.code,
            steps_left: self.steps_left / 4,
            seen: self.seen.clone(),
            found: Vec::new(),
        }
    }

    fn parameter(&mut self, parameter: &Parameter<'a>, way: &mut Vec<Step>) {
        if parameter.is_this() {
            return;
        }
        for call in parameter.method().callers().take(self.steps_left) {
            if let Some(value) = passed(&call, parameter) {
                self.through(Step::Code(call.site()), &value, way);
            }
        }
    }

    fn result(&mut self, call: &Call<'a>, way: &mut Vec<Step>) {
        let target = call.target();
        if let Some(method) = target.definition() {
            self.own_result(call, &method, way);
            return;
        }
        let (class, name) = (target.class_name(), target.name());
        match (class.as_ref(), name.as_ref()) {
            ("java.lang.StringBuilder" | "java.lang.StringBuffer", "toString")
            | ("java.lang.String", "concat") => self.joined(call, way),
            ("java.security.MessageDigest", "digest") => {
                let updates = call.on_same_object().into_iter();
                let updates: Vec<_> = updates
                    .filter(|other| matches!(other.target().name().as_ref(), "update" | "digest"))
                    .filter_map(|other| other.argument(0))
                    .collect();
                for value in updates {
                    self.visit(&value, way);
                }
            }
            (class, name) if is_conversion(class, name) => {
                let argument = call.argument(0);
                let content = match call.has_receiver() && !takes_content(class) {
                    true => call.receiver(),
                    false => argument,
                };
                if let Some(content) = content {
                    self.visit(&content, way);
                }
            }
            _ => {}
        }
    }

    /// A string of pieces is written down if all of its pieces are.
    fn joined(&mut self, call: &Call<'a>, way: &[Step]) {
        let parts = Origin::Result(*call).parts();
        let texts: Option<Vec<_>> = parts
            .iter()
            .filter(|part| !matches!(part, Origin::Result(found) if found == call))
            .map(Origin::text)
            .collect();
        if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
            self.keep(Constant::Text(texts.concat()), way);
        }
    }

    /// What a method of the package returns: what it passes on, or what it makes of nothing but
    /// constants, as a decoder of hexadecimal digits does.
    fn own_result(&mut self, call: &Call<'a>, method: &Method<'a>, way: &mut Vec<Step>) {
        let before = self.found.len();
        for value in method.returns().flatten() {
            match value {
                Origin::Parameter(parameter) if parameter.method() == *method => {
                    if let Some(value) = passed(call, &parameter) {
                        self.through(Step::Code(call.site()), &value, way);
                    }
                }
                other => self.visit(&other, way),
            }
        }
        if self.found.len() > before || !is_pure(method) {
            return;
        }
        let arguments: Vec<_> = call
            .arguments()
            .filter(|argument| !matches!(argument, Origin::Int(_)))
            .collect();
        let mut made_from = Vec::new();
        for argument in &arguments {
            let mut inner = self.inner();
            inner.through(Step::Code(call.site()), argument, way);
            if inner.found.is_empty() {
                return;
            }
            made_from.append(&mut inner.found);
        }
        for written in made_from {
            self.keep(written.value, &written.way);
        }
    }
}

/// What a call passes for a parameter of the method that it calls.
pub(crate) fn passed<'a>(call: &Call<'a>, parameter: &Parameter<'a>) -> Option<Origin<'a>> {
    let number = usize::from(parameter.number());
    if parameter.method().is_static() {
        return call.argument(number);
    }
    match number.checked_sub(1) {
        Some(number) => call.argument(number),
        None => call.receiver(),
    }
}

/// Classes whose content is one argument of their constructor.
const HOLDERS: &[(&str, usize)] = &[
    ("java.lang.String", 0),
    ("java.lang.StringBuilder", 0),
    ("java.math.BigInteger", 0),
    ("java.security.spec.PKCS8EncodedKeySpec", 0),
    ("javax.crypto.spec.DESKeySpec", 0),
    ("javax.crypto.spec.DESedeKeySpec", 0),
    ("javax.crypto.spec.GCMParameterSpec", 1),
    ("javax.crypto.spec.IvParameterSpec", 0),
    ("javax.crypto.spec.PBEKeySpec", 0),
    ("javax.crypto.spec.SecretKeySpec", 0),
];

/// Whether the result of a platform method holds what the receiver or the first argument held, so
/// that nobody who has the one lacks the other.
fn is_conversion(class: &str, name: &str) -> bool {
    match class {
        "java.lang.String" => matches!(
            name,
            "getBytes"
                | "intern"
                | "toCharArray"
                | "toString"
                | "trim"
                | "valueOf"
                | "copyValueOf"
                | "substring"
                | "toLowerCase"
                | "toUpperCase"
                | "replace"
        ),
        "java.lang.Object" | "java.lang.CharSequence" => matches!(name, "toString" | "clone"),
        "java.util.Arrays" => matches!(name, "copyOf" | "copyOfRange"),
        "java.util.Objects" => name == "requireNonNull",
        "java.math.BigInteger" => name == "toByteArray",
        "android.util.Base64" => matches!(name, "decode" | "encode" | "encodeToString"),
        "java.util.Base64$Decoder" | "java.util.Base64$Encoder" => {
            matches!(name, "decode" | "encode" | "encodeToString")
        }
        "javax.crypto.SecretKeyFactory" => name == "generateSecret",
        "java.security.KeyFactory" => name == "generatePrivate",
        "java.nio.charset.Charset" => name == "encode",
        "java.nio.ByteBuffer" => matches!(name, "array" | "wrap"),
        "byte[]" | "char[]" => name == "clone",
        _ => false,
    }
}

/// Whether a platform class converts its argument, not its receiver.
fn takes_content(class: &str) -> bool {
    matches!(
        class,
        "javax.crypto.SecretKeyFactory"
            | "java.security.KeyFactory"
            | "java.util.Base64$Decoder"
            | "java.util.Base64$Encoder"
            | "java.nio.charset.Charset"
    )
}

fn is_copy(call: &Call<'_>) -> bool {
    let target = call.target();
    target.class_name() == "java.lang.System" && target.name() == "arraycopy"
}

/// Whether a call puts something else into an array.
fn fills<'a>(call: &Call<'a>, array: &Origin<'a>) -> bool {
    if is_copy(call) {
        return call.argument(2).as_ref() == Some(array);
    }
    let target = call.target();
    if matches!(
        target.name().as_ref(),
        "nextBytes" | "read" | "readFully" | "doFinal" | "update" | "fill" | "digest" | "get"
    ) && target.definition().is_none()
    {
        return true;
    }
    let Some(method) = target.definition() else {
        return false;
    };
    let Some(number) = call.arguments().position(|argument| argument == *array) else {
        return false;
    };
    let number = number + usize::from(!method.is_static());
    let is_it = |origin: &Origin<'_>| {
        matches!(origin, Origin::Parameter(parameter)
            if usize::from(parameter.number()) == number && parameter.method() == method)
    };
    let stores = method
        .instructions()
        .any(|found| (APUT_FIRST..=APUT_LAST).contains(&found.opcode));
    stores
        || method.calls().any(|inner| {
            let name = inner.target().name();
            matches!(
                name.as_ref(),
                "nextBytes" | "read" | "readFully" | "arraycopy" | "fill"
            ) && inner.arguments().any(|argument| is_it(&argument))
        })
}

/// The instructions that store into arrays.
const APUT_FIRST: u8 = 0x4b;
const APUT_LAST: u8 = 0x51;

/// Whether a method makes its result of its arguments alone: it asks neither chance, nor files,
/// nor the platform.
fn is_pure(method: &Method<'_>) -> bool {
    let calls_only_pure = method.calls().all(|call| {
        let class = call.target().class_name();
        let pure = class.starts_with("java.lang.")
            || class == "android.util.Base64"
            || class == "java.math.BigInteger"
            || class == "java.security.MessageDigest"
            || class.starts_with("java.util.Base64")
            || class.starts_with("java.util.Arrays")
            || class == method.class().name();
        pure && class != "java.lang.Math" && class != "java.lang.System" || is_copy(&call)
    });
    method.instruction_count() > 0 && calls_only_pure && method.field_accesses().next().is_none()
}

#[cfg(test)]
mod tests {
    use super::{Constant, Written, written};
    use crate::Facts;
    use crate::fixture;

    fn of_key(facts: &Facts) -> Vec<Written> {
        let call = facts.code.calls_to("com.bank.Sink", "use");
        written(&facts.code, &call[0].argument(0).unwrap())
    }

    fn facts(body: &str) -> Facts {
        fixture::facts_of_code(&format!(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run([B)V\n.registers 16\n{body}\n\
             invoke-static {{v0}}, Lcom/bank/Sink;->use([B)V\nreturn-void\n.end method\n\
             .method public static hex(Ljava/lang/String;)[B\n.registers 4\n\
             invoke-virtual {{p0}}, Ljava/lang/String;->length()I\nmove-result v0\n\
             new-array v1, v0, [B\n\
             const/4 v2, 0x0\nconst/4 v3, 0x1\naput-byte v3, v1, v2\nreturn-object v1\n.end method\n"
        ))
    }

    #[test]
    fn what_a_decoder_makes_of_a_constant_is_written_down() {
        let found = of_key(&facts(
            "const-string v0, \"00ff\"\ninvoke-static {v0}, Lcom/bank/Main;->hex(Ljava/lang/String;)[B\nmove-result-object v0",
        ));
        assert_eq!(found[0].value, Constant::Text("00ff".to_owned()));
    }

    /// Objects that keep what they are given: the key is a constant if every one of them gets one.
    #[test]
    fn objects_are_not_mistaken_for_each_other() {
        let text = |other: &str| {
            format!(
                ".class public Lcom/bank/Box;\n.super Ljava/lang/Object;\n.field data:[B\n\
                 .method public constructor <init>([B)V\n.registers 2\n\
                 invoke-direct {{p0}}, Ljava/lang/Object;-><init>()V\n\
                 iput-object p1, p0, Lcom/bank/Box;->data:[B\nreturn-void\n.end method\n\
                 .method public use()V\n.registers 2\n\
                 iget-object v0, p0, Lcom/bank/Box;->data:[B\n\
                 invoke-static {{v0}}, Lcom/bank/Sink;->use([B)V\nreturn-void\n.end method\n\
                 .class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
                 .method public static run([B)V\n.registers 5\nconst-string v0, \"0f1e2d3c\"\n\
                 invoke-virtual {{v0}}, Ljava/lang/String;->getBytes()[B\nmove-result-object v0\n\
                 new-instance v1, Lcom/bank/Box;\n\
                 invoke-direct {{v1, v0}}, Lcom/bank/Box;-><init>([B)V\n{other}\nreturn-void\n.end method\n"
            )
        };
        let alone = fixture::facts_of_code(&text(""));
        assert_eq!(
            of_key(&alone)[0].value,
            Constant::Text("0f1e2d3c".to_owned())
        );
        let among_others = "new-instance v2, Lcom/bank/Box;\n\
            invoke-direct {v2, p0}, Lcom/bank/Box;-><init>([B)V";
        assert_eq!(of_key(&fixture::facts_of_code(&text(among_others))), []);
    }

    #[test]
    fn what_chance_fills_is_not_written_down() {
        let constant = "const/16 v1, 0x4\nnew-array v0, v1, [B\n";
        assert!(of_key(&facts(constant))[0].value.is_zero());
        let filled = format!(
            "{constant}new-instance v2, Ljava/security/SecureRandom;\n\
             invoke-direct {{v2}}, Ljava/security/SecureRandom;-><init>()V\n\
             invoke-virtual {{v2, v0}}, Ljava/security/SecureRandom;->nextBytes([B)V"
        );
        assert_eq!(of_key(&facts(&filled)), []);
    }
}
