//! What is in the code of an Android package: a readable view on its dex files.
//!
//! Classes are named as in Java (`com.bank.Login$1`), methods by name and descriptor
//! (`getBytes(Ljava/lang/String;)[B`), positions by code units, as disassemblers print them.
//!
//! ```no_run
//! # fn check(facts: &hefu_audit::Facts) {
//! // Every place that asks for DES, with the constant it asks with.
//! for call in facts.code.calls_to("javax.crypto.Cipher", "getInstance") {
//!     for transformation in call.texts(0) {
//!         if transformation.starts_with("DES") {
//!             println!("{}: {transformation}", call.site());
//!         }
//!     }
//! }
//! # }
//! ```

mod origin;
mod uses;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::dex::instruction::Instruction;
use crate::dex::{self, DebugNames, Dex, FieldId, MethodId, StringId, TypeId};

pub use self::origin::Origin;
pub use self::uses::{Array, Call, FieldAccess, NewObject, Parameter, Text, TextUse};

/// One dex file of the package.
#[derive(Debug)]
pub struct DexFile {
    /// Path of the file in the package; for a container, the same for all of its dex files.
    pub path: String,
    /// The file, analysed.
    pub dex: Dex,
}

/// The code of a package, over all of its dex files.
#[derive(Debug, Default)]
pub struct Code {
    files: Vec<DexFile>,
}

/// Where in the code something is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Path of the dex file in the package.
    pub file: String,
    /// Class, as in Java.
    pub class: String,
    /// Method: name and descriptor.
    pub method: String,
    /// Offset in the method in code units, as disassemblers print it.
    pub offset: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{} @{:#06x} ({})", self.class, self.method, self.offset, self.file)
    }
}

/// Views carry the code along and are equal if they show the same thing of it.
macro_rules! view {
    ($name:ident { $($field:ident),+ }, $show:expr) => {
        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        }
        impl Eq for $name<'_> {}
        impl std::hash::Hash for $name<'_> {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                $(self.$field.hash(state);)+
            }
        }
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let show: fn(&Self) -> String = $show;
                write!(formatter, "{}({})", stringify!($name), show(self))
            }
        }
    };
}
pub(super) use view;

/// A class that the package defines.
#[derive(Clone, Copy)]
pub struct Class<'a> {
    code: &'a Code,
    file: u32,
    class: u32,
}
view!(Class { file, class }, |class| class.name().into_owned());

/// A method that the package defines.
#[derive(Clone, Copy)]
pub struct Method<'a> {
    code: &'a Code,
    file: u32,
    method: u32,
}
view!(Method { file, method }, |method| method.qualified_name());

/// A field that the package defines.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    code: &'a Code,
    file: u32,
    field: u32,
}
view!(Field { file, field }, |field| field.reference().qualified_name());

/// A method that code refers to, defined in the package or by the platform.
#[derive(Clone, Copy)]
pub struct MethodReference<'a> {
    code: &'a Code,
    file: u32,
    id: MethodId,
}
view!(MethodReference { file, id }, |method| method.qualified_name());

/// A field that code refers to, defined in the package or by the platform.
#[derive(Clone, Copy)]
pub struct FieldReference<'a> {
    code: &'a Code,
    file: u32,
    id: FieldId,
}
view!(FieldReference { file, id }, |field| field.qualified_name());

/// How deep class hierarchies are followed; stops cycles, which only hostile files have.
const HIERARCHY_DEPTH_MAX: usize = 64;

impl Code {
    /// The code of `files`, in loading order.
    #[must_use]
    pub fn new(files: Vec<DexFile>) -> Self {
        Self { files }
    }

    /// The dex files, in loading order.
    #[must_use]
    pub fn files(&self) -> &[DexFile] {
        &self.files
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &Dex)> {
        (0..).zip(self.files.iter().map(|file| &file.dex))
    }

    fn file(&self, number: u32) -> Option<&DexFile> {
        self.files.get(number as usize)
    }

    /// Every class that the package defines, in file order.
    pub fn classes(&self) -> impl Iterator<Item = Class<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..).take(dex.classes.len()).map(move |class| Class { code: self, file, class })
        })
    }

    /// The class of this name, if the package defines it. Of several with the same name the
    /// runtime loads the first, and so does this.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<Class<'_>> {
        self.class_of(descriptor_of(name).as_bytes())
    }

    fn class_of(&self, descriptor: &[u8]) -> Option<Class<'_>> {
        self.numbered().find_map(|(file, dex)| {
            let class = dex.index.class(dex.tables.find_type(descriptor)?)?;
            Some(Class { code: self, file, class })
        })
    }

    /// Every method that the package defines, in file order.
    pub fn methods(&self) -> impl Iterator<Item = Method<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..).take(dex.methods.len()).map(move |method| Method { code: self, file, method })
        })
    }

    /// The method `name` of class `class`; of overloads, the first.
    #[must_use]
    pub fn method(&self, class: &str, name: &str) -> Option<Method<'_>> {
        self.class(class)?.methods().find(|method| method.name() == name)
    }

    /// Every call in the package, in file order.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..).take(dex.uses.calls.len()).map(move |position| Call::new(self, file, position))
        })
    }

    /// Every call to method `name` of `class` or, as inherited, of a class below it that does not
    /// override it. Both the package's classes and the platform's are known by their Java name.
    #[must_use]
    pub fn calls_to(&self, class: &str, name: &str) -> Vec<Call<'_>> {
        let references = self.references_named(name);
        references
            .filter(|reference| reference.is_inherited_from(class))
            .flat_map(|reference| reference.calls().collect::<Vec<_>>())
            .collect()
    }

    /// Every call to a method of this name, whatever the class.
    pub fn calls_named(&self, name: &str) -> impl Iterator<Item = Call<'_>> {
        self.references_named(name).flat_map(|reference| reference.calls().collect::<Vec<_>>())
    }

    /// Every call to a method whose class is in `package` (`javax.crypto` covers
    /// `javax.crypto.spec` too).
    pub fn calls_into<'a>(&'a self, package: &str) -> impl Iterator<Item = Call<'a>> {
        let prefix = descriptor_prefix(package);
        self.numbered().flat_map(move |(file, dex)| {
            let references = (0..dex.tables.methods.count).map(MethodId).filter(|id| {
                dex.tables.descriptor(dex.tables.method(*id).class).starts_with(prefix.as_bytes())
            });
            references
                .map(|id| MethodReference { code: self, file, id })
                .flat_map(|reference| reference.calls().collect::<Vec<_>>())
                .collect::<Vec<_>>()
        })
    }

    fn references_named(&self, name: &str) -> impl Iterator<Item = MethodReference<'_>> {
        let name = name.as_bytes().to_vec();
        self.numbered().flat_map(move |(file, dex)| {
            dex.tables
                .methods_named(&name)
                .map(|id| MethodReference { code: self, file, id })
                .collect::<Vec<_>>()
        })
    }

    /// Reads and writes of field `name` of `class`.
    #[must_use]
    pub fn accesses_to(&self, class: &str, name: &str) -> Vec<FieldAccess<'_>> {
        let descriptor = descriptor_of(class);
        self.numbered()
            .flat_map(|(file, dex)| {
                dex.tables
                    .fields_named(name.as_bytes())
                    .filter(|id| {
                        dex.tables.descriptor(dex.tables.field(*id).class) == descriptor.as_bytes()
                    })
                    .map(|id| FieldReference { code: self, file, id })
                    .collect::<Vec<_>>()
            })
            .flat_map(|reference| reference.accesses().collect::<Vec<_>>())
            .collect()
    }

    /// Every string of every string pool: constants in code, but also names of classes and
    /// members. [`Text::uses`] tells where the code loads it, which names never are.
    pub fn texts(&self) -> impl Iterator<Item = Text<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..dex.tables.strings.count).map(move |id| Text::new(self, file, StringId(id)))
        })
    }

    /// Where the code loads exactly this string.
    #[must_use]
    pub fn uses_of_text(&self, text: &str) -> Vec<TextUse<'_>> {
        self.numbered()
            .filter_map(|(file, dex)| {
                let id = dex.tables.find_string(text.as_bytes())?;
                Some(Text::new(self, file, id))
            })
            .flat_map(|text| text.uses().collect::<Vec<_>>())
            .collect()
    }

    /// Whether `class` is `ancestor` or extends or implements it, as far as the package and the
    /// known part of the platform tell.
    #[must_use]
    pub fn is_a(&self, class: &str, ancestor: &str) -> bool {
        let mut queue = vec![Cow::Borrowed(class)];
        let mut seen = 0;
        while let Some(name) = queue.pop() {
            if name == ancestor {
                return true;
            }
            seen += 1;
            if seen > HIERARCHY_DEPTH_MAX {
                return false;
            }
            if let Some(class) = self.class(&name) {
                queue.extend(class.interfaces());
                queue.extend(class.superclass());
            } else if let Some(superclass) = dex::superclass_of(&name) {
                queue.push(Cow::Borrowed(superclass));
            }
        }
        false
    }

    /// The classes of the package that extend or implement `ancestor`, directly or not.
    #[must_use]
    pub fn descendants_of(&self, ancestor: &str) -> Vec<Class<'_>> {
        // Whether a class descends is asked once per class, not once per path to it.
        let mut known: HashMap<String, bool> = HashMap::new();
        self.classes().filter(|class| self.descends(class, ancestor, &mut known, 0)).collect()
    }

    fn descends(
        &self,
        class: &Class<'_>,
        ancestor: &str,
        known: &mut HashMap<String, bool>,
        depth: usize,
    ) -> bool {
        let name = class.name();
        if let Some(answer) = known.get(name.as_ref()) {
            return *answer;
        }
        if depth > HIERARCHY_DEPTH_MAX {
            return false;
        }
        // Entered before the answer is known: a cycle is no descent.
        known.insert(name.to_string(), false);
        let parents: Vec<_> = class.superclass().into_iter().chain(class.interfaces()).collect();
        let answer = parents.iter().any(|parent| {
            parent == ancestor
                || match self.class(parent) {
                    Some(parent) => self.descends(&parent, ancestor, known, depth + 1),
                    None => self.is_a(parent, ancestor),
                }
        });
        known.insert(name.into_owned(), answer);
        answer
    }

    /// Methods `name` of the classes of the package that extend or implement `ancestor`: callbacks
    /// such as `checkServerTrusted` of `javax.net.ssl.X509TrustManager`.
    #[must_use]
    pub fn overrides_of(&self, ancestor: &str, name: &str) -> Vec<Method<'_>> {
        self.descendants_of(ancestor)
            .into_iter()
            .flat_map(|class| class.methods().filter(|method| method.name() == name))
            .collect()
    }
}

impl<'a> Class<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    fn definition(&self) -> Option<(&'a Dex, &'a dex::ClassDef)> {
        let dex = self.dex()?;
        dex.classes.get(self.class as usize).map(|class| (dex, class))
    }

    fn type_name(&self, id: TypeId) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| java_name(dex.tables.descriptor(id)))
    }

    /// The Java name: `com.bank.Login$1`.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.definition().map_or(Cow::Borrowed(""), |(_, class)| self.type_name(class.type_))
    }

    /// The package: `com.bank`; empty for the default one.
    #[must_use]
    pub fn package(&self) -> Cow<'a, str> {
        let name = self.name();
        let package = name.rsplit_once('.').map_or("", |(package, _)| package);
        Cow::Owned(package.to_owned())
    }

    /// Access flags, see [`dex::access`].
    #[must_use]
    pub fn access(&self) -> u32 {
        self.definition().map_or(0, |(_, class)| class.access)
    }

    /// The superclass; `None` for `java.lang.Object` itself.
    #[must_use]
    pub fn superclass(&self) -> Option<Cow<'a, str>> {
        let (_, class) = self.definition()?;
        Some(self.type_name(class.superclass?))
    }

    /// The interfaces that the class names itself.
    pub fn interfaces(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let class = *self;
        self.definition()
            .into_iter()
            .flat_map(|(dex, definition)| dex.interfaces(definition))
            .map(move |id| class.type_name(id))
    }

    /// The name of the source file, if it was left in.
    #[must_use]
    pub fn source_file(&self) -> Option<Cow<'a, str>> {
        let (dex, class) = self.definition()?;
        class.source_file.map(|id| dex.string(id)).filter(|name| !name.is_empty())
    }

    /// Types of the annotations of the class.
    pub fn annotations(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let class = *self;
        self.definition()
            .into_iter()
            .flat_map(|(dex, definition)| dex.class_annotations(definition.type_))
            .map(move |id| class.type_name(id))
    }

    /// The methods that the class defines.
    pub fn methods(&self) -> impl Iterator<Item = Method<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let (from, to) = self.definition().map_or((0, 0), |(_, class)| class.methods);
        (from..to).map(move |method| Method { code, file, method })
    }

    /// The fields that the class defines.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let (from, to) = self.definition().map_or((0, 0), |(_, class)| class.fields);
        (from..to).map(move |field| Field { code, file, field })
    }

    /// Path of the dex file that defines the class.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.code.file(self.file).map_or("", |file| &file.path)
    }

    /// Whether all of its members were analysed. Where not, nothing found is not nothing there.
    #[must_use]
    pub fn is_analysed(&self) -> bool {
        self.definition().is_some_and(|(_, class)| class.analysed)
    }
}

impl<'a> Method<'a> {
    fn definition(&self) -> Option<(&'a Dex, &'a dex::MethodDef)> {
        let dex = &self.code.file(self.file)?.dex;
        dex.methods.get(self.method as usize).map(|method| (dex, method))
    }

    fn id(&self) -> MethodId {
        self.definition().map_or(MethodId(u32::MAX), |(_, method)| method.id)
    }

    /// The reference that names this method.
    #[must_use]
    pub fn reference(&self) -> MethodReference<'a> {
        MethodReference { code: self.code, file: self.file, id: self.id() }
    }

    /// The class that defines the method.
    #[must_use]
    pub fn class(&self) -> Class<'a> {
        let class = self.definition().map_or(u32::MAX, |(_, method)| method.class);
        Class { code: self.code, file: self.file, class }
    }

    /// The name alone: `getBytes`.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.reference().name()
    }

    /// Parameter and return types: `(Ljava/lang/String;)[B`.
    #[must_use]
    pub fn descriptor(&self) -> String {
        self.reference().descriptor()
    }

    /// Name and descriptor: `getBytes(Ljava/lang/String;)[B`.
    #[must_use]
    pub fn signature(&self) -> String {
        self.reference().signature()
    }

    /// Class, name and descriptor.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        self.reference().qualified_name()
    }

    /// Access flags, see [`dex::access`].
    #[must_use]
    pub fn access(&self) -> u32 {
        self.definition().map_or(0, |(_, method)| method.access)
    }

    /// Whether it is a class method.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.access() & dex::access::STATIC != 0
    }

    /// Whether a native library implements it.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.access() & dex::access::NATIVE != 0
    }

    /// Instructions of its code; 0 for abstract and native methods.
    #[must_use]
    pub fn instruction_count(&self) -> u32 {
        self.definition().map_or(0, |(_, method)| method.shape.instructions)
    }

    /// Whether the code contains a `throw`.
    #[must_use]
    pub fn throws(&self) -> bool {
        self.definition().is_some_and(|(_, method)| method.shape.throws)
    }

    /// Whether the code has more than one path.
    #[must_use]
    pub fn branches(&self) -> bool {
        self.definition().is_some_and(|(_, method)| method.shape.branches)
    }

    /// Whether constants were only propagated within basic blocks, because the method is over
    /// [`Limits::method_states_max`](crate::Limits::method_states_max).
    #[must_use]
    pub fn is_approximated(&self) -> bool {
        self.definition().is_some_and(|(_, method)| method.shape.approximated)
    }

    /// Why the code was not analysed, if it was not.
    #[must_use]
    pub fn error(&self) -> Option<dex::CodeError> {
        self.definition().and_then(|(_, method)| method.error)
    }

    /// Which names its debug information still carries.
    #[must_use]
    pub fn debug_names(&self) -> DebugNames {
        self.definition().map_or_else(DebugNames::default, |(_, method)| method.debug)
    }

    /// Types of the annotations of the method.
    pub fn annotations(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.definition().into_iter().flat_map(|(dex, method)| {
            dex.method_annotations(method.id).map(|id| java_name(dex.tables.descriptor(id)))
        })
    }

    /// The instructions, decoded on the way; empty if the code was not analysed.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> + use<'a> {
        let code = self.definition().map_or(&[][..], |(dex, method)| dex.code(method));
        let mut offset = 0;
        std::iter::from_fn(move || {
            let found = dex::instruction::decode(code, offset).ok()?;
            offset = offset.saturating_add(found.units.max(1));
            Some(found)
        })
    }

    /// The position `offset` of this method.
    #[must_use]
    pub fn site(&self, offset: u32) -> Site {
        Site {
            file: self.class().file().to_owned(),
            class: self.class().name().into_owned(),
            method: self.signature(),
            offset,
        }
    }

    /// The calls to this method from anywhere in the package, also through a class above or below
    /// it or an interface.
    #[must_use]
    pub fn callers(&self) -> Vec<Call<'a>> {
        let (class, descriptor) = (self.class().name(), self.descriptor());
        let code = self.code;
        let name = self.name();
        let constructor = name.starts_with('<');
        let references = code.references_named(&name).filter(|reference| {
            let target = reference.class_name();
            reference.descriptor() == descriptor
                && (target == class
                    || (!constructor
                        && (code.is_a(&class, &target)
                            || reference.definition() == Some(*self))))
        });
        references.flat_map(|reference| reference.calls().collect::<Vec<_>>()).collect()
    }
}

impl<'a> Field<'a> {
    fn definition(&self) -> Option<(&'a Dex, &'a dex::FieldDef)> {
        let dex = &self.code.file(self.file)?.dex;
        dex.fields.get(self.field as usize).map(|field| (dex, field))
    }

    /// The reference that names this field.
    #[must_use]
    pub fn reference(&self) -> FieldReference<'a> {
        let id = self.definition().map_or(FieldId(u32::MAX), |(_, field)| field.id);
        FieldReference { code: self.code, file: self.file, id }
    }

    /// The class that defines the field.
    #[must_use]
    pub fn class(&self) -> Class<'a> {
        let class = self.definition().map_or(u32::MAX, |(_, field)| field.class);
        Class { code: self.code, file: self.file, class }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.reference().name()
    }

    /// Access flags, see [`dex::access`].
    #[must_use]
    pub fn access(&self) -> u32 {
        self.definition().map_or(0, |(_, field)| field.access)
    }

    /// The explicit initial value of a static field.
    #[must_use]
    pub fn initial_value(&self) -> Option<Origin<'a>> {
        let (_, field) = self.definition()?;
        // An initial value is a constant and needs no method to be read in.
        field.initial.map(|value| Origin::constant(self.code, self.file, value))
    }
}

impl<'a> MethodReference<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    fn class_descriptor(&self) -> &'a [u8] {
        self.dex().map_or(&[], |dex| dex.tables.descriptor(dex.tables.method(self.id).class))
    }

    /// The class that the reference names.
    #[must_use]
    pub fn class_name(&self) -> Cow<'a, str> {
        java_name(self.class_descriptor())
    }

    /// The name alone.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| dex.string(dex.tables.method(self.id).name))
    }

    /// Parameter and return types: `(Ljava/lang/String;)[B`.
    #[must_use]
    pub fn descriptor(&self) -> String {
        let Some(dex) = self.dex() else { return String::new() };
        let proto = dex.tables.method(self.id).proto;
        let mut descriptor = String::from("(");
        for parameter in dex.tables.parameters(proto) {
            descriptor.push_str(&dex.descriptor(parameter));
        }
        descriptor.push(')');
        descriptor.push_str(&dex.descriptor(dex.tables.return_type(proto)));
        descriptor
    }

    /// Name and descriptor.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{}{}", self.name(), self.descriptor())
    }

    /// Class, name and descriptor.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", self.class_name(), self.signature())
    }

    /// The type that it returns, as in Java.
    #[must_use]
    pub fn return_type(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            let proto = dex.tables.method(self.id).proto;
            java_name(dex.tables.descriptor(dex.tables.return_type(proto)))
        })
    }

    /// The method of the package that a call to this reference reaches, unless a class below
    /// overrides it; `None` if the platform defines it.
    #[must_use]
    pub fn definition(&self) -> Option<Method<'a>> {
        let (name, descriptor) = (self.name(), self.descriptor());
        let mut class = self.code.class_of(self.class_descriptor())?;
        for _ in 0..HIERARCHY_DEPTH_MAX {
            let found = class
                .methods()
                .find(|method| method.name() == name && method.descriptor() == descriptor);
            if found.is_some() {
                return found;
            }
            class = self.code.class(&class.superclass()?)?;
        }
        None
    }

    /// Whether a call to this reference reaches the method as `ancestor` declares it.
    fn is_inherited_from(&self, ancestor: &str) -> bool {
        let class = self.class_name();
        if class == ancestor {
            return true;
        }
        match self.definition() {
            Some(method) => method.class().name() == ancestor,
            None => self.code.is_a(&class, ancestor),
        }
    }

    /// The calls of this reference in its own dex file.
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let positions = self.dex().map_or(&[][..], |dex| dex.index.calls_to(self.id));
        positions.iter().map(move |position| Call::new(code, file, *position))
    }
}

impl<'a> FieldReference<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    /// The class that the reference names.
    #[must_use]
    pub fn class_name(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            java_name(dex.tables.descriptor(dex.tables.field(self.id).class))
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| dex.string(dex.tables.field(self.id).name))
    }

    /// The type, as in Java.
    #[must_use]
    pub fn type_name(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            java_name(dex.tables.descriptor(dex.tables.field(self.id).type_))
        })
    }

    /// Class and name.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", self.class_name(), self.name())
    }

    /// The field of the package that this refers to; `None` if the platform defines it.
    #[must_use]
    pub fn definition(&self) -> Option<Field<'a>> {
        let (name, type_) = (self.name(), self.type_name());
        let mut class = self.code.class(&self.class_name())?;
        for _ in 0..HIERARCHY_DEPTH_MAX {
            let found = class
                .fields()
                .find(|field| field.name() == name && field.reference().type_name() == type_);
            if found.is_some() {
                return found;
            }
            class = self.code.class(&class.superclass()?)?;
        }
        None
    }

    /// Reads and writes through this reference in its own dex file.
    pub fn accesses(&self) -> impl Iterator<Item = FieldAccess<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let positions = self.dex().map_or(&[][..], |dex| dex.index.uses_of_field(self.id));
        positions.iter().map(move |position| FieldAccess::new(code, file, *position))
    }
}

/// The Java name of a descriptor: `Lcom/bank/Login;` → `com.bank.Login`, `[B` → `byte[]`.
#[must_use]
pub fn java_name(descriptor: &[u8]) -> Cow<'_, str> {
    let dimensions = descriptor.iter().take_while(|byte| **byte == b'[').count();
    let element = descriptor.get(dimensions..).unwrap_or_default();
    let name = match element {
        b"V" => Cow::Borrowed("void"),
        b"Z" => Cow::Borrowed("boolean"),
        b"B" => Cow::Borrowed("byte"),
        b"S" => Cow::Borrowed("short"),
        b"C" => Cow::Borrowed("char"),
        b"I" => Cow::Borrowed("int"),
        b"J" => Cow::Borrowed("long"),
        b"F" => Cow::Borrowed("float"),
        b"D" => Cow::Borrowed("double"),
        [b'L', name @ .., b';'] => {
            let name = dex::decode_mutf8(name);
            if name.contains('/') { Cow::Owned(name.replace('/', ".")) } else { name }
        }
        other => dex::decode_mutf8(other),
    };
    match dimensions {
        0 => name,
        _ => Cow::Owned(format!("{name}{}", "[]".repeat(dimensions))),
    }
}

/// The descriptor of a class by its Java name: `com.bank.Login` → `Lcom/bank/Login;`.
fn descriptor_of(class: &str) -> String {
    format!("L{};", class.replace('.', "/"))
}

/// What the descriptors of all classes of a package start with.
fn descriptor_prefix(package: &str) -> String {
    format!("L{}/", package.replace('.', "/"))
}

#[cfg(test)]
mod tests {
    use super::{descriptor_of, java_name};

    #[test]
    fn names_are_those_of_the_source() {
        assert_eq!(java_name(b"Lcom/bank/Login$1;"), "com.bank.Login$1");
        assert_eq!(java_name(b"[[B"), "byte[][]");
        assert_eq!(java_name(b"[Ljava/lang/String;"), "java.lang.String[]");
        assert_eq!(java_name(b"La;"), "a");
        assert_eq!(java_name(b""), "");
        assert_eq!(descriptor_of("com.bank.Login$1"), "Lcom/bank/Login$1;");
    }
}
