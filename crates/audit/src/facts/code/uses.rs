//! Calls, field accesses, strings, arrays and objects, each at its place.

use std::borrow::Cow;

use super::{Code, FieldReference, Method, MethodReference, Origin, Site, java_name, view};
use crate::dex::{self, CallKind, Dex, StringId, TypeId, Value};

/// A call.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    code: &'a Code,
    file: u32,
    position: u32,
}
view!(Call { file, position }, |call| format!(
    "{} -> {:?}",
    call.site(),
    call.target()
));

/// A read or write of a field.
#[derive(Clone, Copy)]
pub struct FieldAccess<'a> {
    code: &'a Code,
    file: u32,
    position: u32,
}
view!(FieldAccess { file, position }, |access| {
    format!("{} {:?}", access.site(), access.field())
});

/// A string of a dex file.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    code: &'a Code,
    file: u32,
    id: StringId,
}
view!(Text { file, id }, |text| text.value().into_owned());

/// A place where the code loads a string.
#[derive(Clone, Copy)]
pub struct TextUse<'a> {
    code: &'a Code,
    file: u32,
    position: u32,
}
view!(TextUse { file, position }, |found| format!(
    "{} {:?}",
    found.site(),
    found.value()
));

/// An array, known by the instruction that makes it.
#[derive(Clone, Copy)]
pub struct Array<'a> {
    method: Method<'a>,
    offset: u32,
}
view!(Array { method, offset }, |array| array
    .method
    .site(array.offset)
    .to_string());

/// An object, known by the instruction that makes it.
#[derive(Clone, Copy)]
pub struct NewObject<'a> {
    pub(super) method: Method<'a>,
    offset: u32,
}
view!(NewObject { method, offset }, |object| {
    format!(
        "{} {}",
        object.class_name(),
        object.method.site(object.offset)
    )
});

/// A parameter of a method.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    method: Method<'a>,
    number: u16,
}
view!(Parameter { method, number }, |parameter| {
    format!(
        "{} of {}",
        parameter.number,
        parameter.method.qualified_name()
    )
});

impl<'a> Call<'a> {
    pub(super) fn new(code: &'a Code, file: u32, position: u32) -> Self {
        Self {
            code,
            file,
            position,
        }
    }

    fn definition(&self) -> Option<(&'a Dex, &'a dex::CallUse)> {
        let dex = &self.code.file(self.file)?.dex;
        dex.uses
            .calls
            .get(self.position as usize)
            .map(|call| (dex, call))
    }

    /// The method that makes the call.
    #[must_use]
    pub fn method(&self) -> Method<'a> {
        let method = self.definition().map_or(u32::MAX, |(_, call)| call.method);
        Method {
            code: self.code,
            file: self.file,
            method,
        }
    }

    /// Offset in that method, in code units.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.definition().map_or(0, |(_, call)| call.offset)
    }

    /// Where the call is.
    #[must_use]
    pub fn site(&self) -> Site {
        self.method().site(self.offset())
    }

    /// The method that the call names.
    #[must_use]
    pub fn target(&self) -> MethodReference<'a> {
        let id = self
            .definition()
            .map_or(dex::MethodId(u32::MAX), |(_, call)| call.target);
        MethodReference {
            code: self.code,
            file: self.file,
            id,
        }
    }

    /// How the target is chosen.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        self.definition()
            .map_or(CallKind::Static, |(_, call)| call.kind)
    }

    /// Whether the first argument is the object that the method is called on.
    #[must_use]
    pub fn has_receiver(&self) -> bool {
        self.kind() != CallKind::Static
    }

    /// Whether the result is kept.
    #[must_use]
    pub fn is_result_used(&self) -> bool {
        self.definition().is_some_and(|(_, call)| call.result_used)
    }

    fn values(&self) -> &'a [Value] {
        self.definition().map_or(&[], |(dex, call)| {
            let from = call.arguments as usize;
            let to = from + usize::from(call.argument_count);
            dex.uses.arguments.get(from..to).unwrap_or_default()
        })
    }

    /// The object that the method is called on.
    #[must_use]
    pub fn receiver(&self) -> Option<Origin<'a>> {
        let value = self.values().first().filter(|_| self.has_receiver())?;
        Some(Origin::of(self.method(), *value))
    }

    /// The arguments in the order of the signature, without the receiver.
    pub fn arguments(&self) -> impl Iterator<Item = Origin<'a>> + use<'a> {
        let method = self.method();
        self.values()
            .iter()
            .skip(usize::from(self.has_receiver()))
            .map(move |value| Origin::of(method, *value))
    }

    /// Argument `number` of the signature, from 0.
    #[must_use]
    pub fn argument(&self, number: usize) -> Option<Origin<'a>> {
        self.arguments().nth(number)
    }

    /// The argument as a parameter counts it: the receiver first, where there is one.
    pub(super) fn counted_argument(&self, number: u16) -> Option<Origin<'a>> {
        let value = self.values().get(usize::from(number))?;
        Some(Origin::of(self.method(), *value))
    }

    /// The string constants that argument `number` can be, through fields, parameters and
    /// returned values of the package.
    #[must_use]
    pub fn texts(&self, number: usize) -> Vec<Cow<'a, str>> {
        let resolved = self
            .argument(number)
            .map(|origin| origin.resolve())
            .unwrap_or_default();
        resolved
            .into_iter()
            .filter_map(|origin| origin.text())
            .collect()
    }

    /// The integer constants that argument `number` can be, through fields, parameters and
    /// returned values of the package. Booleans are 0 and 1, null is 0.
    #[must_use]
    pub fn ints(&self, number: usize) -> Vec<i64> {
        let resolved = self
            .argument(number)
            .map(|origin| origin.resolve())
            .unwrap_or_default();
        resolved
            .into_iter()
            .filter_map(|origin| origin.int())
            .collect()
    }

    /// The calls of the same method that are made on the object that this call is made on: after
    /// `new Intent()`, the `setPackage` and `putExtra` on it. Follows chained calls.
    #[must_use]
    pub fn on_same_object(&self) -> Vec<Call<'a>> {
        self.receiver()
            .map(|receiver| receiver.calls_on())
            .unwrap_or_default()
    }
}

impl<'a> FieldAccess<'a> {
    pub(super) fn new(code: &'a Code, file: u32, position: u32) -> Self {
        Self {
            code,
            file,
            position,
        }
    }

    fn definition(&self) -> Option<&'a dex::FieldUse> {
        self.code
            .file(self.file)?
            .dex
            .uses
            .fields
            .get(self.position as usize)
    }

    /// The method that reads or writes.
    #[must_use]
    pub fn method(&self) -> Method<'a> {
        let method = self.definition().map_or(u32::MAX, |access| access.method);
        Method {
            code: self.code,
            file: self.file,
            method,
        }
    }

    /// Offset in that method, in code units.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.definition().map_or(0, |access| access.offset)
    }

    /// Where the access is.
    #[must_use]
    pub fn site(&self) -> Site {
        self.method().site(self.offset())
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> FieldReference<'a> {
        let id = self
            .definition()
            .map_or(dex::FieldId(u32::MAX), |access| access.field);
        FieldReference {
            code: self.code,
            file: self.file,
            id,
        }
    }

    /// Whether it is a write.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.definition().is_some_and(|access| access.write)
    }

    /// What is written; `None` for a read.
    #[must_use]
    pub fn value(&self) -> Option<Origin<'a>> {
        let access = self.definition().filter(|access| access.write)?;
        Some(Origin::of(self.method(), access.value))
    }
}

impl<'a> Text<'a> {
    pub(super) fn new(code: &'a Code, file: u32, id: StringId) -> Self {
        Self { code, file, id }
    }

    fn dex(&self) -> Option<&'a Dex> {
        self.code.file(self.file).map(|file| &file.dex)
    }

    /// The string.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        self.dex()
            .map_or(Cow::Borrowed(""), |dex| dex.string(self.id))
    }

    /// Path of the dex file.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.code.file(self.file).map_or("", |file| &file.path)
    }

    /// Whether the string is a value of the program: loaded by code, or what a static field starts
    /// with. Others are only names.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.dex().is_some_and(|dex| {
            !dex.index.uses_of(self.id).is_empty() || dex.is_initial_text(self.id)
        })
    }

    /// Where the code of this dex file loads the string.
    pub fn uses(&self) -> impl Iterator<Item = TextUse<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        let positions = self.dex().map_or(&[][..], |dex| dex.index.uses_of(self.id));
        positions.iter().map(move |position| TextUse {
            code,
            file,
            position: *position,
        })
    }
}

impl<'a> TextUse<'a> {
    fn definition(&self) -> Option<&'a dex::TextUse> {
        self.code
            .file(self.file)?
            .dex
            .uses
            .texts
            .get(self.position as usize)
    }

    /// The method that loads the string.
    #[must_use]
    pub fn method(&self) -> Method<'a> {
        let method = self.definition().map_or(u32::MAX, |found| found.method);
        Method {
            code: self.code,
            file: self.file,
            method,
        }
    }

    /// Where the string is loaded.
    #[must_use]
    pub fn site(&self) -> Site {
        self.method()
            .site(self.definition().map_or(0, |found| found.offset))
    }

    /// The string.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        let id = self
            .definition()
            .map_or(StringId(u32::MAX), |found| found.text);
        Text::new(self.code, self.file, id).value()
    }
}

impl<'a> Method<'a> {
    /// The position range of this method's uses, as `part` picks it.
    fn range(&self, part: impl Fn(&dex::UsesStart) -> u32) -> std::ops::Range<u32> {
        let Some((dex, _)) = self.definition() else {
            return 0..0;
        };
        let start = |number: u32| dex.uses.starts.get(number as usize).map_or(0, &part);
        start(self.method)..start(self.method.saturating_add(1))
    }

    /// The calls that the method makes, in the order of the code.
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        self.range(|start| start.calls).map(move |position| Call {
            code,
            file,
            position,
        })
    }

    /// The strings that the method loads, in the order of the code.
    pub fn texts(&self) -> impl Iterator<Item = TextUse<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        self.range(|start| start.texts)
            .map(move |position| TextUse {
                code,
                file,
                position,
            })
    }

    /// The fields that the method reads and writes, in the order of the code.
    pub fn field_accesses(&self) -> impl Iterator<Item = FieldAccess<'a>> + use<'a> {
        let (code, file) = (self.code, self.file);
        self.range(|start| start.fields)
            .map(move |position| FieldAccess {
                code,
                file,
                position,
            })
    }

    /// What the method returns, one for each `return`; `None` for returns without a value.
    pub fn returns(&self) -> impl Iterator<Item = Option<Origin<'a>>> + use<'a> {
        let method = *self;
        let uses = self.definition().map(|(dex, _)| &dex.uses);
        self.range(|start| start.returns).map(move |position| {
            let found = uses.and_then(|uses| uses.returns.get(position as usize));
            found
                .copied()
                .flatten()
                .map(|value| Origin::of(method, value))
        })
    }

    /// The arrays that the method makes, in the order of the code.
    pub fn arrays(&self) -> impl Iterator<Item = Array<'a>> + use<'a> {
        let method = *self;
        let uses = self.definition().map(|(dex, _)| &dex.uses);
        self.range(|start| start.arrays)
            .filter_map(move |position| {
                let offset = uses?.arrays.get(position as usize)?.offset;
                Some(Array { method, offset })
            })
    }

    /// The call at `offset`, if there is one.
    pub(super) fn call_at(&self, offset: u32) -> Option<Call<'a>> {
        let range = self.range(|start| start.calls);
        let (dex, _) = self.definition()?;
        let calls = dex
            .uses
            .calls
            .get(range.start as usize..range.end as usize)?;
        let found = calls
            .binary_search_by_key(&offset, |call| call.offset)
            .ok()?;
        let position = range.start.saturating_add(u32::try_from(found).ok()?);
        Some(Call {
            code: self.code,
            file: self.file,
            position,
        })
    }

    /// Whether the method does nothing that could refuse: no call, no throw. An empty
    /// `checkServerTrusted` trusts everyone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instruction_count() > 0 && !self.throws() && self.calls().next().is_none()
    }

    /// Whether every return is the constant `value`.
    #[must_use]
    pub fn always_returns(&self, value: i64) -> bool {
        let mut returns = 0_usize;
        let all = self.returns().all(|found| {
            returns += 1;
            found.and_then(|found| found.int()) == Some(value)
        });
        all && returns > 0
    }
}

impl<'a> Array<'a> {
    pub(super) fn new(method: Method<'a>, offset: u32) -> Self {
        Self { method, offset }
    }

    fn definition(&self) -> Option<(&'a Dex, &'a dex::ArrayUse)> {
        let (dex, _) = self.method.definition()?;
        let range = self.method.range(|start| start.arrays);
        let arrays = dex
            .uses
            .arrays
            .get(range.start as usize..range.end as usize)?;
        let found = arrays
            .binary_search_by_key(&self.offset, |array| array.offset)
            .ok()?;
        arrays.get(found).map(|array| (dex, array))
    }

    /// Where the array is made.
    #[must_use]
    pub fn site(&self) -> Site {
        self.method.site(self.offset)
    }

    /// The type: `byte[]`.
    #[must_use]
    pub fn type_name(&self) -> Cow<'a, str> {
        self.definition().map_or(Cow::Borrowed(""), |(dex, array)| {
            java_name(dex.tables.descriptor(TypeId(array.array_type)))
        })
    }

    /// The number of elements, if it is constant.
    #[must_use]
    pub fn len(&self) -> Option<u32> {
        self.definition().and_then(|(_, array)| array.length)
    }

    /// Whether the array is known to have no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The elements, if the length and every write that the method makes are constant: what the
    /// array holds unless a call fills it, which [`Array::passed_to`] tells.
    #[must_use]
    pub fn elements(&self) -> Option<Vec<Origin<'a>>> {
        /// Longer arrays are tables, not keys.
        const ELEMENTS_MAX: u32 = 1 << 16;
        let (dex, array) = self.definition().filter(|(_, array)| !array.dynamic)?;
        let length = array.length.filter(|length| *length <= ELEMENTS_MAX)? as usize;
        let mut values = vec![Value::Int(0); length];
        if let Some(fill) = array.fill {
            let (_, method) = self.method.definition()?;
            let (width, data) = dex::instruction::array_data(dex.code(method), fill)?;
            for (slot, element) in values.iter_mut().zip(data.chunks_exact(width.max(1))) {
                *slot = little_endian(element).map_or(Value::Unknown, Value::Int);
            }
        }
        let range = self.method.range(|start| start.stores);
        let stores = dex
            .uses
            .stores
            .get(range.start as usize..range.end as usize)?;
        for store in stores.iter().filter(|store| store.array == self.offset) {
            *values.get_mut(store.index as usize)? = store.value;
        }
        Some(
            values
                .into_iter()
                .map(|value| Origin::of(self.method, value))
                .collect(),
        )
    }

    /// The bytes of a `byte[]`, or the low bytes of a `char[]`, whose elements are all constant.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let elements = self.elements()?;
        elements
            .into_iter()
            .map(|element| element.int().map(|value| value.to_le_bytes()[0]))
            .collect()
    }

    /// The calls of the same method that get the array as an argument or receiver:
    /// `SecureRandom.nextBytes` among them means that it is not constant after all.
    #[must_use]
    pub fn passed_to(&self) -> Vec<Call<'a>> {
        let wanted = Value::Array(self.offset);
        self.method
            .calls()
            .filter(|call| call.values().contains(&wanted))
            .collect()
    }
}

/// An element of up to four bytes, sign-extended as the runtime does for bytes and shorts.
fn little_endian(bytes: &[u8]) -> Option<i32> {
    match bytes {
        [byte] => Some(i32::from(byte.cast_signed())),
        [low, high] => Some(i32::from(i16::from_le_bytes([*low, *high]))),
        [a, b, c, d] => Some(i32::from_le_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

impl<'a> NewObject<'a> {
    pub(super) fn new(method: Method<'a>, offset: u32) -> Self {
        Self { method, offset }
    }

    /// Where the object is made.
    #[must_use]
    pub fn site(&self) -> Site {
        self.method.site(self.offset)
    }

    /// The class, as in Java.
    #[must_use]
    pub fn class_name(&self) -> Cow<'a, str> {
        let Some((dex, method)) = self.method.definition() else {
            return Cow::Borrowed("");
        };
        dex::instruction::decode(dex.code(method), self.offset).map_or(Cow::Borrowed(""), |found| {
            java_name(dex.tables.descriptor(TypeId(found.index)))
        })
    }

    /// The call of its constructor, if it is in the same method.
    #[must_use]
    pub fn constructor(&self) -> Option<Call<'a>> {
        let wanted = Value::New(self.offset);
        self.method
            .calls()
            .find(|call| call.values().first() == Some(&wanted) && call.target().name() == "<init>")
    }
}

impl<'a> Parameter<'a> {
    pub(super) fn new(method: Method<'a>, number: u16) -> Self {
        Self { method, number }
    }

    /// The method that has the parameter.
    #[must_use]
    pub fn method(&self) -> Method<'a> {
        self.method
    }

    /// Counted from 0, `this` first where there is one.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Whether this is the object that the method is called on.
    #[must_use]
    pub fn is_this(&self) -> bool {
        self.number == 0 && !self.method.is_static()
    }
}
