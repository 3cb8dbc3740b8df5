//! What an operation takes: parameters and body.

use super::{Loader, Operation};
use crate::contract::{
    DataClass, Method, RequestPlan,
    document::{Node, Place},
    error::{FaultKind, ParameterFault},
    parameter::{Parameter, ScalarType},
    request::BodyPlan,
    schema::{
        Direction, Type,
        compile::{Form, compile},
        lint::lint,
        marks,
    },
};

/// Header fields that a service may read besides its own `X-…`.
const FORWARDED_FIELDS: &[&str] = &[
    "idempotency-key",
    "accept-language",
    "if-match",
    "if-none-match",
];
/// `X-…` fields by which a service could take a request for another one, or a stranger for a
/// peer that was checked.
const RESERVED_FIELD_PREFIXES: &[&str] = &[
    "x-hefu",
    "x-forwarded",
    "x-function-no",
    "x-request-id",
    "x-real-ip",
    "x-client-ip",
    "x-original",
    "x-rewrite",
    "x-http-method",
    "x-method",
    "x-powered-by",
];

impl<'doc> Loader<'doc> {
    pub(super) fn request(
        &mut self,
        operation: &Operation<'doc>,
        class: &mut DataClass,
    ) -> Option<RequestPlan> {
        let before = self.faults.count();
        let mut plan = RequestPlan {
            path: Vec::new(),
            query: Vec::new(),
            fields: Vec::new(),
            body: None,
        };
        for place in self.parameters(operation) {
            let Some((location, parameter)) = self.parameter(&place, class) else {
                continue;
            };
            match location {
                Location::Path => plan.path.push(parameter),
                Location::Query => plan.query.push(parameter),
                Location::Header => plan.fields.push(parameter),
            }
        }
        self.path_parameters(operation, &plan);
        plan.body = self.body(operation, class);
        (self.faults.count() == before).then_some(plan)
    }

    /// The parameters of an operation, those of its path included unless it has its own.
    pub(super) fn parameters(&mut self, operation: &Operation<'doc>) -> Vec<Place<'doc>> {
        let mut found: Vec<(String, Place<'doc>)> = Vec::new();
        for holder in [&operation.place, &operation.path_item] {
            let list = holder.member("parameters");
            let mut own = Vec::new();
            for place in list.iter().flat_map(Place::items) {
                let place = match self.schemas.resolve(&place) {
                    Ok(place) => place,
                    Err(kind) => {
                        self.faults.add(&place, kind);
                        continue;
                    }
                };
                let text = |name| {
                    place
                        .node
                        .member(name)
                        .and_then(Node::text)
                        .unwrap_or_default()
                };
                let mut name = text("name").to_owned();
                if text("in") == "header" {
                    name.make_ascii_lowercase();
                }
                let key = format!("{} {name}", text("in"));
                if own.iter().any(|(known, _)| *known == key) {
                    self.faults
                        .add(&place, FaultKind::DuplicateParameter { name });
                } else if found.iter().all(|(known, _)| *known != key) {
                    own.push((key, place));
                }
            }
            found.extend(own);
        }
        found.into_iter().map(|(_, place)| place).collect()
    }

    fn parameter(
        &mut self,
        place: &Place<'doc>,
        class: &mut DataClass,
    ) -> Option<(Location, Parameter)> {
        let mut name = self.required(place, "name", "the parameter's name")?;
        let location = self.location(place, &mut name)?;
        let mut required = place.node.member("required").and_then(Node::bool) == Some(true);
        if location == Location::Path && !required {
            self.faults.add(place, FaultKind::PathParameterOptional);
            required = true;
        }
        let has = |member: &str| place.member(member).is_some();
        if has("content") {
            return self.unread(place, ParameterFault::Content);
        }
        if ["style", "explode", "allowReserved", "allowEmptyValue"]
            .into_iter()
            .any(has)
        {
            return self.unread(place, ParameterFault::Style);
        }
        let Some(schema) = place.member("schema") else {
            let (member, advice) = ("schema", "what the value looks like");
            self.faults
                .add(place, FaultKind::Missing { member, advice });
            return None;
        };
        let compiled = self.compiled(&schema, Direction::Request, class)?;
        let (kind, is_list) = self.parameter_type(&schema, location)?;
        let schema = compiled;
        Some((
            location,
            Parameter {
                name,
                required,
                kind,
                is_list,
                schema,
            },
        ))
    }

    fn required(
        &mut self,
        place: &Place<'doc>,
        member: &'static str,
        advice: &'static str,
    ) -> Option<String> {
        let text = place.node.member(member).and_then(Node::text);
        if text.is_none() {
            self.faults
                .add(place, FaultKind::Missing { member, advice });
        }
        text.map(str::to_owned)
    }

    fn unread<T>(&mut self, place: &Place<'doc>, fault: ParameterFault) -> Option<T> {
        self.faults.add(place, FaultKind::Parameter(fault));
        None
    }

    /// Where a parameter stands; names of header fields become lower case.
    fn location(&mut self, place: &Place<'doc>, name: &mut str) -> Option<Location> {
        match self
            .required(place, "in", "`path`, `query` or `header`")?
            .as_str()
        {
            "path" => Some(Location::Path),
            "query" => Some(Location::Query),
            "header" => {
                name.make_ascii_lowercase();
                if is_forwarded(name) {
                    return Some(Location::Header);
                }
                self.unread(place, ParameterFault::Header)
            }
            "cookie" => self.unread(place, ParameterFault::Cookie),
            other => {
                let (value, known) = (other.to_owned(), "`path`, `query` and `header`".to_owned());
                self.faults
                    .add(place, FaultKind::UnknownValue { value, known });
                None
            }
        }
    }

    fn parameter_type(
        &mut self,
        schema: &Place<'doc>,
        location: Location,
    ) -> Option<(ScalarType, bool)> {
        let types = self.schemas.types(schema);
        if let Some(kind) = ScalarType::of(&types) {
            return Some((kind, false));
        }
        if types == [Type::Array] && location == Location::Query {
            let applied = self.schemas.applied(schema, true);
            let items = applied.iter().find_map(|schema| schema.member("items"));
            let kind = items.and_then(|items| ScalarType::of(&self.schemas.types(&items)));
            if let Some(kind) = kind {
                return Some((kind, true));
            }
        }
        self.faults
            .add(schema, FaultKind::Parameter(ParameterFault::Type));
        None
    }

    fn path_parameters(&mut self, operation: &Operation<'doc>, plan: &RequestPlan) {
        // A parameter with faults of its own is listed already.
        let described: Vec<String> = self
            .parameters(operation)
            .iter()
            .filter(|place| place.node.member("in").and_then(Node::text) == Some("path"))
            .filter_map(|place| Some(place.node.member("name")?.text()?.to_owned()))
            .collect();
        for name in operation.template.params() {
            if !described.iter().any(|known| known == name) {
                let name = name.to_owned();
                self.faults
                    .add(&operation.place, FaultKind::PathParameterMissing { name });
            }
        }
        for parameter in &plan.path {
            if operation
                .template
                .params()
                .all(|name| name != parameter.name)
            {
                let name = parameter.name.clone();
                self.faults
                    .add(&operation.place, FaultKind::PathParameterUnknown { name });
            }
        }
    }

    fn body(&mut self, operation: &Operation<'doc>, class: &mut DataClass) -> Option<BodyPlan> {
        let place = operation.place.member("requestBody")?;
        let place = match self.schemas.resolve(&place) {
            Ok(place) => place,
            Err(kind) => {
                self.faults.add(&place, kind);
                return None;
            }
        };
        if matches!(
            operation.method,
            Method::Get | Method::Head | Method::Delete
        ) {
            let method = operation.method.as_str();
            self.faults.add(&place, FaultKind::BodyMethod { method });
            return None;
        }
        let schema = self.json_schema(&place)?;
        let before = self.faults.count();
        *class = (*class).max(lint(
            &self.schemas,
            Direction::Request,
            &schema,
            &mut self.faults,
        ));
        if self.faults.count() > before {
            return None;
        }
        let found = marks::find(&self.schemas, Direction::Request, &schema);
        let (marks, fields) = self.kept(found)?;
        let mut sealed = Vec::new();
        for field in fields {
            let plain = compile(&self.schemas, Direction::Request, Form::Plain, &field);
            sealed.push(self.kept(plain)?);
        }
        let compiled = compile(&self.schemas, Direction::Request, Form::Sealed, &schema);
        Some(BodyPlan {
            required: place.node.member("required").and_then(Node::bool) == Some(true),
            schema: self.kept(compiled)?,
            marks,
            sealed,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Location {
    Path,
    Query,
    Header,
}

fn is_forwarded(name: &str) -> bool {
    let reserved = RESERVED_FIELD_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    FORWARDED_FIELDS.contains(&name)
        || (name.len() > 2 && name.starts_with("x-") && name.bytes().all(letter) && !reserved)
}
