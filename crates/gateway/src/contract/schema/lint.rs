//! What a schema leaves open is refused before it is compiled.
//!
//! A request's schema has to say of every value what it looks like: strings a length and a form,
//! numbers a range, arrays a length, objects their members. A response's schema has to say of
//! personal data how it is masked, or why it is not.
//!
//! Clauses: JR-6.2.4.c, JR-6.2.4.e, AP-4.1.2, JR-6.2.3.a, CJ-4.3.5.b, AP-5.5.

use std::collections::HashSet;

use hefu_tally::mask::Mask;
use regex_syntax::hir::Look;

use super::{
    Direction, Schemas, Type, Version, keywords, own_types, parts, reference,
    text::{BOUNDED_FORMATS, OTHER_FORMATS, STRONG_FORMATS, WEAK_FORMATS},
};
use crate::contract::{
    DataClass,
    document::{Kind, Place},
    error::{FaultKind, Faults, nearest},
};

/// A pattern's size once compiled. Stops: `(((a{99}){99}){99})`, small in the document and huge in
/// memory.
pub(crate) const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What is expected of a schema where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Role {
    /// It alone describes a value, so it has to say of which type.
    describes: bool,
    /// A sealed mark may stand here.
    sealable: bool,
    /// A sealed mark may stand on its parts.
    sealable_below: bool,
    /// What refers to it has a mask, a reason for none, or a seal already.
    settled: bool,
}

impl Role {
    const VALUE: Self = Self {
        describes: true,
        sealable: false,
        sealable_below: true,
        settled: false,
    };

    /// Of a property or an item.
    const fn part(self) -> Self {
        Self {
            sealable: self.sealable_below,
            settled: false,
            ..Self::VALUE.below(self.sealable_below)
        }
    }

    const fn below(self, sealable_below: bool) -> Self {
        Self {
            sealable_below,
            ..self
        }
    }
}

/// Looks at a schema and everything it is made of; gives the highest class of data in it.
pub(crate) fn lint<'doc>(
    schemas: &Schemas<'doc>,
    direction: Direction,
    root: &Place<'doc>,
    faults: &mut Faults,
) -> DataClass {
    let mut lint = Lint {
        schemas,
        direction,
        faults,
        class: DataClass::C1,
        seen: HashSet::new(),
        waiting: Vec::new(),
    };
    lint.wait(root.clone(), Role::VALUE);
    while let Some((place, role)) = lint.waiting.pop() {
        lint.schema(&place, role);
    }
    lint.class
}

struct Lint<'run, 'doc> {
    schemas: &'run Schemas<'doc>,
    direction: Direction,
    faults: &'run mut Faults,
    class: DataClass,
    seen: HashSet<(String, Role)>,
    /// Not recursion: a chain of references is as long as the document.
    waiting: Vec<(Place<'doc>, Role)>,
}

impl<'doc> Lint<'_, 'doc> {
    fn wait(&mut self, place: Place<'doc>, role: Role) {
        if self.seen.insert((place.pointer.clone(), role)) {
            self.waiting.push((place, role));
        }
    }

    fn fault(&mut self, place: &Place<'_>, kind: FaultKind) {
        self.faults.add(place, kind);
    }

    /// At a member if it is there, else at the schema.
    fn fault_at(&mut self, schema: &Place<'doc>, member: &str, kind: FaultKind) {
        let place = schema.member(member);
        self.faults.add(place.as_ref().unwrap_or(schema), kind);
    }

    fn schema(&mut self, schema: &Place<'doc>, role: Role) {
        match &schema.node.kind {
            Kind::Map(_) => {}
            Kind::Bool(false) => return,
            Kind::Bool(true) => return self.fault(schema, FaultKind::Untyped),
            _ => return self.fault(schema, FaultKind::NotASchema),
        }
        self.keywords(schema);
        self.extensions(schema, role);
        let refers = self.reference(schema, role);
        if refers && self.schemas.version == Version::V3_0 {
            return;
        }
        if role.describes && !refers {
            match self.describes_type(schema, 0) {
                Ok(true) => {}
                Ok(false) => self.fault(schema, FaultKind::Untyped),
                Err(kind) => self.fault(schema, kind),
            }
        }
        let types = own_types(schema);
        let listed = schema.member("enum").is_some() || schema.member("const").is_some();
        for kind in &types {
            match kind {
                Type::String if !listed => self.string(schema),
                Type::Integer | Type::Number if !listed => self.number(schema),
                Type::Array => self.array(schema),
                Type::Object => self.object(schema),
                Type::Null | Type::Boolean | Type::String | Type::Integer | Type::Number => {}
            }
        }
        if schema.member("nullable").is_some() && schema.member("type").is_none() {
            self.fault_at(schema, "nullable", FaultKind::Nullable);
        }
        self.composition(schema, role);
        self.parts(schema, role);
        for keyword in keywords::CONDITIONS {
            if let Some(condition) = schema.member(keyword) {
                self.condition(&condition);
            }
        }
    }

    /// Whether it refers to another schema, which then waits its turn.
    fn reference(&mut self, schema: &Place<'doc>, role: Role) -> bool {
        let Some(place) = schema.member("$ref") else {
            return false;
        };
        let Some(reference) = reference(schema) else {
            self.fault(
                &place,
                FaultKind::Expected {
                    expected: "a reference (text)",
                },
            );
            return true;
        };
        let target = self.schemas.follow(reference).and_then(|target| {
            self.schemas.resolve(schema)?;
            Ok(target)
        });
        match target {
            Ok(target) => {
                let settled = role.settled || is_settled(schema);
                self.wait(target, Role { settled, ..role });
            }
            Err(kind) => self.fault(&place, kind),
        }
        true
    }

    fn keywords(&mut self, schema: &Place<'doc>) {
        let refers = self.schemas.version == Version::V3_0 && schema.member("$ref").is_some();
        for (keyword, place) in schema.members() {
            if refers && !matches!(keyword, "$ref" | "summary" | "description") {
                self.fault(
                    &place,
                    FaultKind::BesideReference {
                        keyword: keyword.to_owned(),
                    },
                );
            } else if keyword == "nullable" && self.schemas.version == Version::V3_1 {
                let advice = "in OpenAPI 3.1 write `type: [string, \"null\"]`";
                let keyword = keyword.to_owned();
                self.fault(&place, FaultKind::UnsupportedKeyword { keyword, advice });
            } else if let Some(kind) = unknown_keyword(keyword) {
                self.fault(&place, kind);
            }
        }
        if let Some(place) = schema.member("unevaluatedProperties")
            && place.node.bool() != Some(false)
        {
            self.fault(&place, FaultKind::Expected { expected: "false" });
        }
        self.type_names(schema);
    }

    fn type_names(&mut self, schema: &Place<'doc>) {
        let Some(place) = schema.member("type") else {
            return;
        };
        let is_list = matches!(place.node.kind, Kind::List(_));
        let names: Vec<_> = if is_list {
            place.items().collect()
        } else {
            vec![place.clone()]
        };
        if is_list && self.schemas.version == Version::V3_0 {
            return self.fault(
                &place,
                FaultKind::Expected {
                    expected: "one type (OpenAPI 3.0)",
                },
            );
        }
        for name in names {
            let known = || keywords::listed(Type::NAMES);
            match name.node.text() {
                Some(text) if Type::NAMES.contains(&text) => {}
                // YAML reads a bare `null` as the value.
                _ if matches!(name.node.kind, Kind::Null) => {
                    self.fault(
                        &name,
                        FaultKind::Expected {
                            expected: "\"null\", in quotes",
                        },
                    );
                }
                _ => {
                    let value = name.node.shown();
                    self.fault(
                        &name,
                        FaultKind::UnknownValue {
                            value,
                            known: known(),
                        },
                    );
                }
            }
        }
    }

    fn describes_type(&self, schema: &Place<'doc>, depth: usize) -> Result<bool, FaultKind> {
        if depth > super::COMPOSITION_DEPTH_MAX {
            return Err(FaultKind::Composition);
        }
        if ["type", "enum", "const"]
            .iter()
            .any(|keyword| schema.member(keyword).is_some())
        {
            return Ok(true);
        }
        if let Some(target) = reference(schema).and_then(|to| self.schemas.follow(to).ok()) {
            return self.describes_type(&target, depth + 1);
        }
        for part in parts(schema, "allOf") {
            if self.describes_type(&part, depth + 1)? {
                return Ok(true);
            }
        }
        for keyword in ["oneOf", "anyOf"] {
            let mut described = parts(schema, keyword).map(|p| self.describes_type(&p, depth + 1));
            let mut any = false;
            let all = described.try_fold(true, |all, one| {
                any = true;
                one.map(|one| all && one)
            })?;
            if any && all {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn string(&mut self, schema: &Place<'doc>) {
        let format = schema.member("format");
        let format = format.as_ref().and_then(|place| place.node.text());
        self.format(schema, format);
        let pattern = schema.member("pattern");
        if let Some(place) = &pattern {
            self.pattern(place, self.direction == Direction::Request);
        }
        if self.direction == Direction::Response {
            return;
        }
        let is_one_of = |formats: &[&str]| format.is_some_and(|format| formats.contains(&format));
        if schema.member("maxLength").is_none() && !is_one_of(BOUNDED_FORMATS) {
            self.fault(schema, FaultKind::NoLengthMax);
        }
        let free = schema.member("x-hefu-free-text").is_some();
        let says_little = format.is_none() || is_one_of(WEAK_FORMATS) || is_one_of(OTHER_FORMATS);
        if pattern.is_none() && !free && says_little {
            let formats = keywords::listed(STRONG_FORMATS);
            self.fault(schema, FaultKind::NoForm { formats });
        }
    }

    fn format(&mut self, schema: &Place<'doc>, format: Option<&str>) {
        let known = [STRONG_FORMATS, WEAK_FORMATS, OTHER_FORMATS].concat();
        if let Some(format) = format
            && !known.contains(&format)
        {
            let kind = FaultKind::Format {
                format: format.to_owned(),
                suggestion: nearest(format, &known),
                known: keywords::listed(&known),
            };
            self.fault_at(schema, "format", kind);
        }
    }

    fn pattern(&mut self, place: &Place<'doc>, anchored: bool) {
        let Some(pattern) = place.node.text() else {
            return self.fault(
                place,
                FaultKind::Expected {
                    expected: "a regular expression",
                },
            );
        };
        // The syntax is enough here; the validator compiles it with a limit on its size.
        let Ok(hir) = regex_syntax::parse(pattern) else {
            return self.fault(place, FaultKind::Pattern);
        };
        let properties = hir.properties();
        let has_ends = properties.look_set_prefix().contains(Look::Start)
            && properties.look_set_suffix().contains(Look::End);
        if anchored && !has_ends {
            self.fault(place, FaultKind::PatternAnchors);
        }
    }

    fn number(&mut self, schema: &Place<'doc>) {
        let format = schema.member("format");
        let format = format.as_ref().and_then(|place| place.node.text());
        self.format(schema, format);
        let has = |one: &str, other: &str| {
            schema
                .member(one)
                .or_else(|| schema.member(other))
                .is_some_and(|place| matches!(place.node.kind, Kind::Number(_)))
        };
        let ranged = has("minimum", "exclusiveMinimum") && has("maximum", "exclusiveMaximum");
        if self.direction == Direction::Request && !ranged && format != Some("int32") {
            self.fault(schema, FaultKind::NoRange);
        }
    }

    fn array(&mut self, schema: &Place<'doc>) {
        if schema.member("items").is_none() {
            self.fault(schema, FaultKind::NoItems);
        }
        if self.direction == Direction::Request && schema.member("maxItems").is_none() {
            self.fault(schema, FaultKind::NoItemsMax);
        }
    }

    fn object(&mut self, schema: &Place<'doc>) {
        let composed = ["allOf", "anyOf", "oneOf", "$ref"]
            .iter()
            .any(|k| schema.member(k).is_some());
        let properties = schema.member("properties");
        let additional = schema.member("additionalProperties");
        let is_map = match additional.as_ref().map(|place| &place.node.kind) {
            Some(Kind::Bool(true)) => {
                return self.fault_at(schema, "additionalProperties", FaultKind::OpenObject);
            }
            Some(Kind::Bool(false)) | None => false,
            Some(_) => true,
        };
        if properties.is_none() && !is_map && !composed {
            return self.fault(schema, FaultKind::EmptyObject);
        }
        if is_map && self.direction == Direction::Request {
            let names = schema.member("propertyNames");
            let names = names.as_ref();
            let has = |keyword: &str| names.is_some_and(|names| names.member(keyword).is_some());
            let formed = has("enum") || (has("maxLength") && has("pattern"));
            if !formed || schema.member("maxProperties").is_none() {
                self.fault_at(schema, "additionalProperties", FaultKind::MapNames);
            }
            if let Some(pattern) = names.and_then(|names| names.member("pattern")) {
                self.pattern(&pattern, true);
            }
        }
        if composed || is_map {
            return;
        }
        let required = schema.member("required");
        for name in required.iter().flat_map(Place::items) {
            let text = name.node.text().unwrap_or_default();
            if properties
                .as_ref()
                .and_then(|properties| properties.member(text))
                .is_none()
            {
                self.fault(
                    &name,
                    FaultKind::RequiredUnknown {
                        name: text.to_owned(),
                    },
                );
            }
        }
    }

    fn composition(&mut self, schema: &Place<'doc>, role: Role) {
        let settled = role.settled || is_settled(schema);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let Some(list) = schema.member(keyword) else {
                continue;
            };
            if list.node.list().is_empty() {
                self.fault(
                    &list,
                    FaultKind::Expected {
                        expected: "a list of schemas",
                    },
                );
            }
            let sealable_below = role.sealable_below && keyword == "allOf";
            let part = Role {
                describes: false,
                sealable: false,
                sealable_below,
                settled,
            };
            list.items().for_each(|place| self.wait(place, part));
        }
    }

    fn parts(&mut self, schema: &Place<'doc>, role: Role) {
        // What is inside a sealed value is opened with it.
        let role = role.below(role.sealable_below && schema.member("x-hefu-sealed").is_none());
        if let Some(properties) = schema.member("properties") {
            if properties.node.map().is_none() {
                self.fault(
                    &properties,
                    FaultKind::Expected {
                        expected: "an object of schemas",
                    },
                );
            }
            properties
                .members()
                .for_each(|(_, place)| self.wait(place, role.part()));
        }
        if let Some(items) = schema.member("items") {
            self.wait(items, role.part());
        }
        if let Some(additional) = schema.member("additionalProperties")
            && additional.node.bool().is_none()
        {
            self.wait(additional, role.below(false).part());
        }
    }

    /// A schema that only refuses: nothing in it describes a value, so nothing has to be complete.
    fn condition(&mut self, schema: &Place<'doc>) {
        let mut waiting = vec![schema.clone()];
        while let Some(schema) = waiting.pop() {
            self.keywords(&schema);
            for (keyword, place) in schema.members() {
                match keyword {
                    "$ref" => {
                        let advice = "write the condition out";
                        let keyword = keyword.to_owned();
                        self.fault(&place, FaultKind::UnsupportedKeyword { keyword, advice });
                    }
                    "pattern" => self.pattern(&place, false),
                    "format" => self.format(&schema, place.node.text()),
                    "properties" => waiting.extend(place.members().map(|(_, place)| place)),
                    "allOf" | "anyOf" | "oneOf" => waiting.extend(place.items()),
                    "items" | "additionalProperties" => waiting.push(place),
                    _ if keywords::CONDITIONS.contains(&keyword) => waiting.push(place),
                    _ if keywords::EXTENSIONS.contains(&keyword) => {
                        let extension = keyword.to_owned();
                        let place_name = "inside a condition (not, if, contains, propertyNames)";
                        let kind = FaultKind::MisplacedExtension {
                            extension,
                            place: place_name,
                        };
                        self.fault(&place, kind);
                    }
                    _ => {}
                }
            }
        }
    }

    fn extensions(&mut self, schema: &Place<'doc>, role: Role) {
        let types = self.schemas.types(schema);
        self.text_flags(schema, &types);
        let masked = self.mask(schema, &types);
        let unmasked = schema.member("x-hefu-unmasked");
        if let Some(place) = &unmasked {
            self.reason(place);
            if masked {
                self.fault(place, FaultKind::MaskedAndUnmasked);
            }
        }
        let sealed = self.sealed(schema, role);
        let Some(class) = self.data_class(schema, &types, masked) else {
            return;
        };
        self.class = self.class.max(class);
        match self.direction {
            Direction::Request if class == DataClass::C3 && !sealed && !role.settled => {
                self.fault_at(schema, "x-hefu-data", FaultKind::UnsealedC3);
            }
            Direction::Response if class == DataClass::C3 && unmasked.is_some() => {
                self.fault_at(schema, "x-hefu-unmasked", FaultKind::UnmaskedC3);
            }
            Direction::Response if class == DataClass::C3 && !masked && !role.settled => {
                self.fault_at(schema, "x-hefu-data", FaultKind::UnmaskedC3);
            }
            Direction::Response
                if class == DataClass::C2 && !masked && unmasked.is_none() && !role.settled =>
            {
                self.fault_at(schema, "x-hefu-data", FaultKind::NoMask { class: "C2" });
            }
            Direction::Request | Direction::Response => {}
        }
    }

    fn text_flags(&mut self, schema: &Place<'doc>, types: &[Type]) {
        for extension in ["x-hefu-free-text", "x-hefu-multiline"] {
            let Some(place) = schema.member(extension) else {
                continue;
            };
            if place.node.bool() != Some(true) {
                self.fault(
                    &place,
                    FaultKind::Expected {
                        expected: "true (or nothing)",
                    },
                );
            }
            if !own_types(schema).contains(&Type::String) || !types.contains(&Type::String) {
                let kind = FaultKind::MisplacedExtension {
                    extension: extension.to_owned(),
                    place: "without `type: string` beside it",
                };
                self.fault(&place, kind);
            }
        }
    }

    /// Whether there is a mask, good or bad.
    fn mask(&mut self, schema: &Place<'doc>, types: &[Type]) -> bool {
        let Some(place) = schema.member("x-hefu-mask") else {
            return false;
        };
        let Some(rule) = place.node.text().and_then(MaskRule::parse) else {
            let value = place.node.shown();
            let known = keywords::listed(&MaskRule::names());
            self.fault(&place, FaultKind::UnknownValue { value, known });
            return true;
        };
        let textual = types.contains(&Type::String)
            && types
                .iter()
                .all(|kind| matches!(kind, Type::String | Type::Null));
        if !textual && rule != MaskRule::Never {
            let mask = place.node.text().unwrap_or_default().to_owned();
            self.fault(&place, FaultKind::MaskType { mask });
        }
        true
    }

    fn reason(&mut self, place: &Place<'doc>) {
        if !place.node.text().is_some_and(is_reason) {
            self.fault(place, FaultKind::Reason);
        }
    }

    fn sealed(&mut self, schema: &Place<'doc>, role: Role) -> bool {
        let Some(place) = schema.member("x-hefu-sealed") else {
            return false;
        };
        if place.node.bool() != Some(true) {
            self.fault(
                &place,
                FaultKind::Expected {
                    expected: "true (or nothing)",
                },
            );
        } else if self.direction == Direction::Response {
            self.fault(&place, FaultKind::SealedResponse);
        } else if !role.sealable {
            self.fault(&place, FaultKind::SealedShape);
        }
        true
    }

    fn data_class(
        &mut self,
        schema: &Place<'doc>,
        types: &[Type],
        masked: bool,
    ) -> Option<DataClass> {
        let Some(place) = schema.member("x-hefu-data") else {
            // Whatever is worth a mask is at least personal.
            return masked.then_some(DataClass::C2);
        };
        let class = place.node.text().and_then(DataClass::parse);
        if class.is_none() {
            let value = place.node.shown();
            self.fault(
                &place,
                FaultKind::UnknownValue {
                    value,
                    known: "C1, C2 and C3".to_owned(),
                },
            );
        }
        if types
            .iter()
            .any(|kind| matches!(kind, Type::Object | Type::Array))
        {
            let kind = FaultKind::MisplacedExtension {
                extension: "x-hefu-data".to_owned(),
                place: "on an object or an array: put it on their properties and items",
            };
            self.fault(&place, kind);
        }
        class
    }
}

/// Whether a schema says itself how its data is protected.
fn is_settled(schema: &Place<'_>) -> bool {
    ["x-hefu-mask", "x-hefu-unmasked", "x-hefu-sealed"]
        .iter()
        .any(|extension| schema.member(extension).is_some())
}

/// Whether a text can be a reason: something was said.
pub(crate) fn is_reason(text: &str) -> bool {
    (10..=500).contains(&text.trim().chars().count())
}

fn unknown_keyword(keyword: &str) -> Option<FaultKind> {
    if let Some((_, advice)) = keywords::UNSUPPORTED
        .iter()
        .find(|(name, _)| *name == keyword)
    {
        return Some(FaultKind::UnsupportedKeyword {
            keyword: keyword.to_owned(),
            advice,
        });
    }
    if keyword.starts_with("x-hefu") && !keywords::EXTENSIONS.contains(&keyword) {
        return Some(FaultKind::UnknownMember {
            name: keyword.to_owned(),
            suggestion: nearest(keyword, keywords::EXTENSIONS),
            known: keywords::listed(keywords::EXTENSIONS),
        });
    }
    let known = keywords::known();
    if keyword.starts_with("x-") || known.contains(&keyword) {
        return None;
    }
    let suggestion = nearest(keyword, &known);
    Some(FaultKind::UnknownKeyword {
        keyword: keyword.to_owned(),
        suggestion,
    })
}

/// What becomes of a value before it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskRule {
    /// Hidden in part, as PROTOCOL §9 says.
    Partly(Mask),
    /// `null` in its place, whatever it is.
    Never,
}

impl MaskRule {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == "never" {
            Some(Self::Never)
        } else {
            name.parse().ok().map(Self::Partly)
        }
    }

    fn names() -> Vec<&'static str> {
        Mask::ALL
            .iter()
            .map(|mask| mask.as_str())
            .chain(["never"])
            .collect()
    }
}
