//! Classes, methods and fields that the package defines.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::dex::instruction::Instruction;
use crate::dex::{self, DebugNames, Dex, FieldId, MethodId, StringId, TypeId};

use super::hierarchy::{ClassNumber, Hierarchy};
use super::{
    Call, Class, Field, FieldAccess, FieldReference, Method, MethodReference, Origin, Site,
    java_name,
};

impl<'a> Class<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    fn definition(&self) -> Option<(&'a Dex, &'a dex::ClassDef)> {
        let dex = self.dex()?;
        dex.classes
            .get(self.class as usize)
            .map(|class| (dex, class))
    }

    /// File and number of the type that the class defines.
    pub(super) fn type_id(&self) -> Option<(u32, TypeId)> {
        let (_, class) = self.definition()?;
        Some((self.file, class.type_))
    }

    /// The number of the class, unless another of the same name is loaded in its place.
    fn number(&self) -> Option<ClassNumber> {
        let (file, id) = self.type_id()?;
        let number = self.code.hierarchy.class_of_type(file, id)?;
        let is_loaded = self.code.hierarchy.place(number) == Some((self.file, self.class));
        is_loaded.then_some(number)
    }

    /// The classes through which a method of this one can be called.
    fn kin(&self, is_inherited: bool) -> Kin {
        let hierarchy = &self.code.hierarchy;
        match self.type_id() {
            Some((file, id)) if is_inherited => Kin {
                above: hierarchy.ancestors(&self.code.files, file, id),
                top: self.number(),
            },
            _ => Kin {
                above: self.number().into_iter().collect(),
                top: None,
            },
        }
    }

    fn type_name(&self, id: TypeId) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            java_name(dex.tables.descriptor(id))
        })
    }

    /// The Java name: `com.bank.Login$1`.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.definition()
            .map_or(Cow::Borrowed(""), |(_, class)| self.type_name(class.type_))
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
        class
            .source_file
            .map(|id| dex.string(id))
            .filter(|name| !name.is_empty())
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
    pub(super) fn definition(&self) -> Option<(&'a Dex, &'a dex::MethodDef)> {
        let dex = &self.code.file(self.file)?.dex;
        dex.methods
            .get(self.method as usize)
            .map(|method| (dex, method))
    }

    fn id(&self) -> MethodId {
        self.definition()
            .map_or(MethodId(u32::MAX), |(_, method)| method.id)
    }

    /// The reference that names this method.
    #[must_use]
    pub fn reference(&self) -> MethodReference<'a> {
        MethodReference {
            code: self.code,
            file: self.file,
            id: self.id(),
        }
    }

    /// The class that defines the method.
    #[must_use]
    pub fn class(&self) -> Class<'a> {
        let class = self
            .definition()
            .map_or(u32::MAX, |(_, method)| method.class);
        Class {
            code: self.code,
            file: self.file,
            class,
        }
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
        self.definition()
            .map_or(0, |(_, method)| method.shape.instructions)
    }

    /// Whether the code contains a `throw`.
    #[must_use]
    pub fn throws(&self) -> bool {
        self.definition()
            .is_some_and(|(_, method)| method.shape.throws)
    }

    /// Whether the code has more than one path.
    #[must_use]
    pub fn branches(&self) -> bool {
        self.definition()
            .is_some_and(|(_, method)| method.shape.branches)
    }

    /// Whether constants were only propagated within basic blocks, because the method is over
    /// [`Limits::method_states_max`](crate::Limits::method_states_max).
    #[must_use]
    pub fn is_approximated(&self) -> bool {
        self.definition()
            .is_some_and(|(_, method)| method.shape.approximated)
    }

    /// Why the code was not analysed, if it was not.
    #[must_use]
    pub fn error(&self) -> Option<dex::CodeError> {
        self.definition().and_then(|(_, method)| method.error)
    }

    /// Which names its debug information still carries.
    #[must_use]
    pub fn debug_names(&self) -> DebugNames {
        self.definition()
            .map_or_else(DebugNames::default, |(_, method)| method.debug)
    }

    /// Types of the annotations of the method.
    pub fn annotations(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.definition().into_iter().flat_map(|(dex, method)| {
            dex.method_annotations(method.id)
                .map(|id| java_name(dex.tables.descriptor(id)))
        })
    }

    /// The instructions, decoded on the way; empty if the code was not analysed.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> + use<'a> {
        let code = self
            .definition()
            .map_or(&[][..], |(dex, method)| dex.code(method));
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

    /// Whether some unit of the code could be the upper half of a resource id (`0x7f…`). Most
    /// methods have none, which is quick to see.
    pub(super) fn may_name_resources(&self) -> bool {
        let code = self
            .definition()
            .map_or(&[][..], |(dex, method)| dex.code(method));
        code.iter().skip(1).step_by(2).any(|high| *high == 0x7f)
    }

    /// The words of the table at `offset` of the code, if it is one of words.
    pub(super) fn array_words(&self, offset: u32) -> impl Iterator<Item = i64> + use<'a> {
        let code = self
            .definition()
            .map_or(&[][..], |(dex, method)| dex.code(method));
        let words = dex::instruction::array_data(code, offset).filter(|(width, _)| *width == 4);
        let words = words.map_or(&[][..], |(_, bytes)| bytes);
        words
            .chunks_exact(4)
            .filter_map(|word| word.try_into().ok())
            .map(|word| i64::from(u32::from_le_bytes(word)))
    }

    /// The calls to this method from anywhere in the package, also through a class above or below
    /// it or an interface.
    pub fn callers(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let (code, method) = (self.code, *self);
        let own = self.reference();
        let name = own.name_bytes();
        // Constructors and class initialisers are not inherited.
        let is_inherited = !name.starts_with(b"<");
        let kin = self.class().kin(is_inherited);
        let references = code.files_naming(name).flat_map(move |(file, dex, name)| {
            let ids = kin.references(&code.hierarchy, file, dex, name).into_iter();
            ids.map(move |(id, side)| (MethodReference { code, file, id }, side))
        });
        references
            .filter(move |(reference, side)| {
                reference.same_signature(&own)
                    // A class in between may override the method.
                    && (*side == Side::Above || reference.definition() == Some(method))
            })
            .flat_map(|(reference, _)| reference.calls())
    }
}

/// The classes through which a method can be called.
struct Kin {
    above: HashSet<ClassNumber>,
    /// The class itself, where those below it inherit the method.
    top: Option<ClassNumber>,
}

/// Where a class of the kin stands. The class itself counts as above.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Above,
    Below,
}

impl Kin {
    /// The references of a file to methods of this name and these classes, in the order of their
    /// types.
    fn references(
        &self,
        hierarchy: &Hierarchy,
        file: u32,
        dex: &Dex,
        name: StringId,
    ) -> Vec<(MethodId, Side)> {
        /// Of so many references of a name each is asked for its class; of more, the classes are
        /// asked for their references.
        const FEW: usize = 64;
        let named = dex.tables.methods_named(name);
        if named.clone().take(FEW + 1).count() <= FEW {
            let with_side = named.filter_map(|id| {
                let class = hierarchy.number_of_type(file, dex.tables.method(id).class)?;
                Some((id, self.side(hierarchy, class)?))
            });
            return with_side.collect();
        }
        let types = self.types_in(hierarchy, file).into_iter();
        types
            .flat_map(|(class, side)| {
                let ids = dex.tables.methods_of(class, name);
                ids.map(move |id| (id, side))
            })
            .collect()
    }

    fn side(&self, hierarchy: &Hierarchy, class: ClassNumber) -> Option<Side> {
        if self.above.contains(&class) {
            return Some(Side::Above);
        }
        let is_below = hierarchy.is_below(class, self.top?);
        is_below.then_some(Side::Below)
    }

    /// The classes that a file names, in the order of its types.
    fn types_in(&self, hierarchy: &Hierarchy, file: u32) -> Vec<(TypeId, Side)> {
        let above = self.above.iter();
        let above = above.flat_map(|class| hierarchy.types_of(file, *class));
        let below = self.top.into_iter();
        let below = below.flat_map(|class| hierarchy.types_below(file, class));
        let mut types: Vec<_> = (above.map(|id| (id, Side::Above)))
            .chain(below.map(|id| (id, Side::Below)))
            .collect();
        types.sort_unstable();
        types.dedup_by_key(|(id, _)| *id);
        types
    }
}

impl<'a> Field<'a> {
    fn definition(&self) -> Option<(&'a Dex, &'a dex::FieldDef)> {
        let dex = &self.code.file(self.file)?.dex;
        dex.fields
            .get(self.field as usize)
            .map(|field| (dex, field))
    }

    /// The reference that names this field.
    #[must_use]
    pub fn reference(&self) -> FieldReference<'a> {
        let id = self
            .definition()
            .map_or(FieldId(u32::MAX), |(_, field)| field.id);
        FieldReference {
            code: self.code,
            file: self.file,
            id,
        }
    }

    /// The class that defines the field.
    #[must_use]
    pub fn class(&self) -> Class<'a> {
        let class = self.definition().map_or(u32::MAX, |(_, field)| field.class);
        Class {
            code: self.code,
            file: self.file,
            class,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.reference().name()
    }

    /// Reads and writes of the field from anywhere in the package, through whatever class below
    /// the one that defines it.
    #[must_use]
    pub fn accesses(&self) -> Vec<FieldAccess<'a>> {
        let class = self.class().type_id();
        let class = class.and_then(|(file, id)| self.code.hierarchy.class_of_type(file, id));
        let name = self.reference().name_bytes();
        class.map_or(Vec::new(), |class| self.code.accesses_below(class, name))
    }

    /// Access flags, see [`dex::access`].
    #[must_use]
    pub fn access(&self) -> u32 {
        self.definition().map_or(0, |(_, field)| field.access)
    }

    /// Whether it is a field of the class, not of its objects.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.access() & dex::access::STATIC != 0
    }

    /// Whether name and type are these, as they stand in a dex file.
    pub(super) fn is_named(&self, name: &[u8], type_: &[u8]) -> bool {
        self.definition().is_some_and(|(dex, field)| {
            let own = dex.tables.field(field.id);
            dex.tables.string_bytes(own.name) == name && dex.tables.descriptor(own.type_) == type_
        })
    }

    /// The explicit initial value of a static field.
    #[must_use]
    pub fn initial_value(&self) -> Option<Origin<'a>> {
        let (_, field) = self.definition()?;
        // An initial value is a constant and needs no method to be read in.
        field
            .initial
            .map(|value| Origin::constant(self.code, self.file, value))
    }
}
