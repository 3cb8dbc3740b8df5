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

mod definitions;
mod hierarchy;
mod names;
mod origin;
mod references;
mod uses;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use crate::dex::instruction::Format;
use crate::dex::{self, Dex, FieldId, MethodId, StringId, TypeId};

use self::hierarchy::{ClassNumber, Hierarchy};
use self::names::{MethodNames, descriptor_of, descriptor_prefix};

pub use self::names::java_name;
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
    hierarchy: Hierarchy,
    method_names: MethodNames,
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
        write!(
            formatter,
            "{}.{} @{:#06x} ({})",
            self.class, self.method, self.offset, self.file
        )
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
view!(Field { file, field }, |field| field
    .reference()
    .qualified_name());

/// A method that code refers to, defined in the package or by the platform.
#[derive(Clone, Copy)]
pub struct MethodReference<'a> {
    code: &'a Code,
    file: u32,
    id: MethodId,
}
view!(MethodReference { file, id }, |method| method
    .qualified_name());

/// A field that code refers to, defined in the package or by the platform.
#[derive(Clone, Copy)]
pub struct FieldReference<'a> {
    code: &'a Code,
    file: u32,
    id: FieldId,
}
view!(FieldReference { file, id }, |field| field.qualified_name());

impl Code {
    /// The code of `files`, in loading order.
    #[must_use]
    pub fn new(files: Vec<DexFile>) -> Self {
        Self {
            hierarchy: Hierarchy::new(&files),
            method_names: MethodNames::new(&files),
            files,
        }
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
            (0..).take(dex.classes.len()).map(move |class| Class {
                code: self,
                file,
                class,
            })
        })
    }

    /// The class of this name, if the package defines it. Of several with the same name the
    /// runtime loads the first, and so does this.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<Class<'_>> {
        let descriptor = descriptor_of(name);
        let number = self.hierarchy.number(&self.files, descriptor.as_bytes())?;
        self.class_numbered(number)
    }

    fn class_numbered(&self, number: ClassNumber) -> Option<Class<'_>> {
        let (file, class) = self.hierarchy.place(number)?;
        Some(Class {
            code: self,
            file,
            class,
        })
    }

    /// The class behind a type, its superclass, and so on as far as the package defines them.
    fn chain_of_type(&self, file: u32, id: TypeId) -> impl Iterator<Item = Class<'_>> {
        let first = self.hierarchy.class_of_type(file, id);
        let chain = first
            .into_iter()
            .flat_map(|class| self.hierarchy.chain(class));
        chain.filter_map(|class| self.class_numbered(class))
    }

    /// Every method that the package defines, in file order.
    pub fn methods(&self) -> impl Iterator<Item = Method<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..).take(dex.methods.len()).map(move |method| Method {
                code: self,
                file,
                method,
            })
        })
    }

    /// The method `name` of class `class`; of overloads, the first.
    #[must_use]
    pub fn method(&self, class: &str, name: &str) -> Option<Method<'_>> {
        self.class(class)?
            .methods()
            .find(|method| method.name() == name)
    }

    /// Every call in the package, in file order.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            let positions = (0..).take(dex.uses.calls.len());
            positions.map(move |position| Call::new(self, file, position))
        })
    }

    /// Every call to method `name` of `class` or, as inherited, of a class below it that does not
    /// override it. Both the package's classes and the platform's are known by their Java name.
    #[must_use]
    pub fn calls_to(&self, class: &str, name: &str) -> Vec<Call<'_>> {
        let descriptor = descriptor_of(class);
        // Constructors are not inherited: no need to look at those of all classes.
        if name.starts_with('<') {
            return self.calls_to_own(descriptor.as_bytes(), name);
        }
        let mut known = HashMap::new();
        let references = self.references_named(name).into_iter();
        references
            .filter(|reference| {
                reference.is_inherited_from(class, descriptor.as_bytes(), &mut known)
            })
            .flat_map(|reference| reference.calls())
            .collect()
    }

    /// Every call to method `name` that names exactly the class with this descriptor.
    fn calls_to_own(&self, descriptor: &[u8], name: &str) -> Vec<Call<'_>> {
        let mut calls = Vec::new();
        for (file, dex) in self.numbered() {
            let class = dex.tables.find_type(descriptor);
            let name = dex.tables.find_string(name.as_bytes());
            if let (Some(class), Some(name)) = (class, name) {
                for id in dex.tables.methods_of(class, name) {
                    let reference = MethodReference {
                        code: self,
                        file,
                        id,
                    };
                    calls.extend(reference.calls());
                }
            }
        }
        calls
    }

    /// Every call to a method of this name, whatever the class.
    pub fn calls_named(&self, name: &str) -> impl Iterator<Item = Call<'_>> {
        let references = self.references_named(name).into_iter();
        references.flat_map(|reference| reference.calls())
    }

    /// Every call to a method whose class is in `package` (`javax.crypto` covers
    /// `javax.crypto.spec` too).
    #[must_use]
    pub fn calls_into(&self, package: &str) -> Vec<Call<'_>> {
        let prefix = descriptor_prefix(package);
        let references = self.numbered().flat_map(|(file, dex)| {
            let is_inside = |id: &MethodId| {
                let class = dex.tables.method(*id).class;
                dex.tables.descriptor(class).starts_with(prefix.as_bytes())
            };
            let ids = (0..dex.tables.methods.count)
                .map(MethodId)
                .filter(is_inside);
            let ids: Vec<MethodId> = ids.collect();
            ids.into_iter().map(move |id| MethodReference {
                code: self,
                file,
                id,
            })
        });
        references.flat_map(|reference| reference.calls()).collect()
    }

    /// The dex files that refer to a method of this name, each with the name's number in it.
    fn files_naming(&self, name: &[u8]) -> impl Iterator<Item = (u32, &Dex, StringId)> {
        let files = self.method_names.find(&self.files, name).iter();
        files.filter_map(|(file, name)| Some((*file, &self.file(*file)?.dex, *name)))
    }

    fn references_named(&self, name: &str) -> Vec<MethodReference<'_>> {
        self.files_naming(name.as_bytes())
            .flat_map(|(file, dex, name)| {
                dex.tables
                    .methods_named(name)
                    .map(move |id| MethodReference {
                        code: self,
                        file,
                        id,
                    })
            })
            .collect()
    }

    /// Reads and writes of field `name` of `class`, through whatever class below it.
    #[must_use]
    pub fn accesses_to(&self, class: &str, name: &str) -> Vec<FieldAccess<'_>> {
        let descriptor = descriptor_of(class);
        let number = self.hierarchy.number(&self.files, descriptor.as_bytes());
        number.map_or(Vec::new(), |class| {
            self.accesses_below(class, name.as_bytes())
        })
    }

    /// Reads and writes of fields of this name, through a class or any below it.
    fn accesses_below(&self, class: ClassNumber, name: &[u8]) -> Vec<FieldAccess<'_>> {
        let mut accesses = Vec::new();
        for (file, dex) in self.numbered() {
            let mut types: Vec<TypeId> = self.hierarchy.types_below(file, class).collect();
            if types.is_empty() {
                continue;
            }
            let Some(name) = dex.tables.find_string(name) else {
                continue;
            };
            types.sort_unstable();
            for class in types {
                for id in dex.tables.fields_of(class, name) {
                    let field = FieldReference {
                        code: self,
                        file,
                        id,
                    };
                    accesses.extend(field.accesses());
                }
            }
        }
        accesses
    }

    /// Every string of every string pool: constants in code, but also names of classes and
    /// members. [`Text::uses`] tells where the code loads it, which names never are.
    pub fn texts(&self) -> impl Iterator<Item = Text<'_>> {
        self.numbered().flat_map(move |(file, dex)| {
            (0..dex.tables.strings.count).map(move |id| Text::new(self, file, StringId(id)))
        })
    }

    /// The strings that begin like this, found without looking at the others.
    #[must_use]
    pub fn texts_starting(&self, beginning: &str) -> Vec<Text<'_>> {
        self.numbered()
            .flat_map(|(file, dex)| {
                let ids = dex.tables.strings_starting(beginning.as_bytes());
                ids.map(move |id| Text::new(self, file, id))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether code names a class: this one, one inside of it, or, if `name` ends with a dot, one
    /// of this package. Both the package's classes and the platform's count.
    #[must_use]
    pub fn names_type(&self, name: &str) -> bool {
        let beginning = format!("L{}", name.replace('.', "/"));
        let ends = |rest: &[u8]| name.ends_with('.') || matches!(rest.first(), Some(b';' | b'$'));
        self.numbered().any(|(_, dex)| {
            let mut strings = dex.tables.strings_starting(beginning.as_bytes());
            strings.any(|id| {
                let descriptor = dex.tables.string_bytes(id);
                let rest = descriptor.get(beginning.len()..).unwrap_or_default();
                ends(rest) && dex.tables.find_type(descriptor).is_some()
            })
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
        if class == ancestor {
            return true;
        }
        match self.class(class).and_then(|class| class.type_id()) {
            Some((file, id)) => {
                let ancestor = descriptor_of(ancestor);
                let mut seen = HashSet::new();
                self.hierarchy
                    .is_a(&self.files, file, id, ancestor.as_bytes(), &mut seen)
            }
            None => {
                let superclasses =
                    std::iter::successors(Some(class), |class| dex::superclass_of(class));
                superclasses.into_iter().any(|class| class == ancestor)
            }
        }
    }

    /// The classes of the package that extend or implement `ancestor`, directly or not, in file
    /// order.
    #[must_use]
    pub fn descendants_of(&self, ancestor: &str) -> Vec<Class<'_>> {
        let ancestor = descriptor_of(ancestor);
        let found = self.hierarchy.descendants(&self.files, ancestor.as_bytes());
        let classes = found.into_iter();
        classes
            .map(|(file, class)| Class {
                code: self,
                file,
                class,
            })
            .collect()
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

    /// The resource ids of the package (`0x7f…`) that stand anywhere in code: as constants, as
    /// initial values of fields, in tables. A resource that neither code nor XML names is unused.
    ///
    /// The classes `R` that build tools generate list every resource; of their fields only those
    /// count that code reads.
    #[must_use]
    pub fn resource_ids(&self) -> BTreeSet<u32> {
        let mut ids = BTreeSet::new();
        let mut add = |value: i64| {
            if let Ok(id) = u32::try_from(value & 0xffff_ffff)
                && id >> 24 == 0x7f
            {
                ids.insert(id);
            }
        };
        for class in self
            .classes()
            .filter(|class| !is_resource_list(&class.name()))
        {
            let methods = class.methods().filter(Method::may_name_resources);
            for method in methods {
                for found in method.instructions() {
                    match found.format {
                        Format::F31i | Format::F21h => add(found.literal),
                        Format::ArrayData => method.array_words(found.offset).for_each(&mut add),
                        _ => {}
                    }
                }
            }
            let initial = class
                .fields()
                .filter_map(|field| field.initial_value()?.int());
            initial.for_each(&mut add);
        }
        self.read_resource_fields().into_iter().for_each(&mut add);
        ids
    }

    /// The values of those fields of generated classes `R` that code reads.
    fn read_resource_fields(&self) -> Vec<i64> {
        let references = self.numbered().flat_map(|(file, dex)| {
            (0..dex.tables.fields.count).map(move |id| FieldReference {
                code: self,
                file,
                id: FieldId(id),
            })
        });
        references
            .filter(|field| is_resource_list(&field.class_name()))
            .filter(|field| field.accesses().any(|access| !access.is_write()))
            .filter_map(|field| field.definition())
            .flat_map(|field| {
                let written = field.reference().accesses();
                let written = written.filter_map(|access| access.value());
                field.initial_value().into_iter().chain(written)
            })
            .filter_map(|origin| origin.int())
            .collect()
    }
}

/// Whether a class is one of those that list resources: `com.bank.R$drawable`.
fn is_resource_list(class: &str) -> bool {
    class
        .rsplit_once('$')
        .is_some_and(|(outer, _)| outer == "R" || outer.ends_with(".R"))
}
