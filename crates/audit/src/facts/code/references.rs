//! Methods and fields that code names, wherever they are defined.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::dex::{Dex, TypeId};

use super::{Call, Field, FieldAccess, FieldReference, Method, MethodReference, java_name};

impl<'a> MethodReference<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    /// The descriptor of the class that the reference names.
    fn class_descriptor(&self) -> &'a [u8] {
        self.dex().map_or(&[], |dex| {
            dex.tables.descriptor(dex.tables.method(self.id).class)
        })
    }

    /// The class that the reference names.
    #[must_use]
    pub fn class_name(&self) -> Cow<'a, str> {
        java_name(self.class_descriptor())
    }

    /// The name alone.
    #[must_use]
    pub fn name(&self) -> Cow<'a, str> {
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            dex.string(dex.tables.method(self.id).name)
        })
    }

    /// Parameter and return types: `(Ljava/lang/String;)[B`.
    #[must_use]
    pub fn descriptor(&self) -> String {
        let Some(dex) = self.dex() else {
            return String::new();
        };
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

    /// The name as it stands in the dex file.
    pub(super) fn name_bytes(&self) -> &'a [u8] {
        self.dex().map_or(&[], |dex| {
            dex.tables.string_bytes(dex.tables.method(self.id).name)
        })
    }

    /// The type that the reference names.
    fn class_id(&self) -> TypeId {
        self.dex()
            .map_or(TypeId(u32::MAX), |dex| dex.tables.method(self.id).class)
    }

    /// Whether name, parameters and return type are the same.
    pub(super) fn same_signature(&self, other: &Self) -> bool {
        let (Some(own), Some(others)) = (self.dex(), other.dex()) else {
            return false;
        };
        let (left, right) = (own.tables.method(self.id), others.tables.method(other.id));
        if self.file == other.file {
            return left.name == right.name && left.proto == right.proto;
        }
        let parameters = |dex: &'a Dex, proto| {
            let types = dex.tables.parameters(proto);
            types.map(|id| dex.tables.descriptor(id))
        };
        let returned = |dex: &'a Dex, proto| dex.tables.descriptor(dex.tables.return_type(proto));
        own.tables.shorty(self.id) == others.tables.shorty(other.id)
            && own.tables.string_bytes(left.name) == others.tables.string_bytes(right.name)
            && returned(own, left.proto) == returned(others, right.proto)
            && parameters(own, left.proto).eq(parameters(others, right.proto))
    }

    /// The method of the package that a call to this reference reaches, unless a class below
    /// overrides it; `None` if the platform defines it.
    #[must_use]
    pub fn definition(&self) -> Option<Method<'a>> {
        let dex = self.dex()?;
        let own = dex.tables.method(self.id);
        let name = dex.tables.string_bytes(own.name);
        self.code
            .chain_of_type(self.file, own.class)
            .find_map(|class| {
                let (file, class) = class.type_id()?;
                let dex = &self.code.file(file)?.dex;
                let name = match file == self.file {
                    true => own.name,
                    false => dex.tables.find_string(name)?,
                };
                dex.tables.methods_of(class, name).find_map(|id| {
                    let method = dex.index.method(id)?;
                    let found = MethodReference {
                        code: self.code,
                        file,
                        id,
                    };
                    found.same_signature(self).then_some(Method {
                        code: self.code,
                        file,
                        method,
                    })
                })
            })
    }

    /// Whether a call to this reference reaches the method as `ancestor` declares it. `known`
    /// keeps answers about classes from one reference to the next.
    pub(super) fn is_inherited_from(
        &self,
        ancestor: &str,
        descriptor: &[u8],
        known: &mut HashMap<(u32, TypeId), bool>,
    ) -> bool {
        if self.class_descriptor() == descriptor {
            return true;
        }
        // Constructors and class initialisers are not inherited.
        if self.name().starts_with('<') {
            return false;
        }
        let id = self.class_id();
        let code = self.code;
        let descends = *known.entry((self.file, id)).or_insert_with(|| {
            let mut seen = HashSet::new();
            code.hierarchy
                .is_a(&code.files, self.file, id, descriptor, &mut seen)
        });
        descends
            && self
                .definition()
                .is_none_or(|method| method.class().name() == ancestor)
    }

    /// The calls of this reference in its own dex file.
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let positions = self
            .dex()
            .map_or(&[][..], |dex| dex.index.calls_to(self.id));
        positions
            .iter()
            .map(move |position| Call::new(code, file, *position))
    }
}

impl<'a> FieldReference<'a> {
    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    /// The name as it stands in the dex file.
    pub(super) fn name_bytes(&self) -> &'a [u8] {
        self.dex().map_or(&[], |dex| {
            dex.tables.string_bytes(dex.tables.field(self.id).name)
        })
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
        self.dex().map_or(Cow::Borrowed(""), |dex| {
            dex.string(dex.tables.field(self.id).name)
        })
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
        let dex = self.dex()?;
        let field = dex.tables.field(self.id);
        let name = dex.tables.string_bytes(field.name);
        let type_ = dex.tables.descriptor(field.type_);
        self.code
            .chain_of_type(self.file, field.class)
            .flat_map(|class| class.fields())
            .find(|found| found.is_named(name, type_))
    }

    /// Reads and writes through this reference in its own dex file.
    pub fn accesses(&self) -> impl Iterator<Item = FieldAccess<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let positions = self
            .dex()
            .map_or(&[][..], |dex| dex.index.uses_of_field(self.id));
        positions
            .iter()
            .map(move |position| FieldAccess::new(code, file, *position))
    }
}
