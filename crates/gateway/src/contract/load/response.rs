//! What an operation answers.

use std::collections::BTreeMap;

use super::{Loader, Operation};
use crate::contract::{
    DataClass, Method, ResponsePlan,
    document::Place,
    error::FaultKind,
    response::StatusPlan,
    schema::{Direction, marks},
};

impl<'doc> Loader<'doc> {
    pub(super) fn responses(
        &mut self,
        operation: &Operation<'doc>,
        class: &mut DataClass,
    ) -> Option<ResponsePlan> {
        let before = self.faults.count();
        let Some(responses) = operation.place.member("responses") else {
            let advice = "at least one 2xx response";
            self.faults.add(
                &operation.place,
                FaultKind::Missing {
                    member: "responses",
                    advice,
                },
            );
            return None;
        };
        let mut plan = ResponsePlan {
            by_status: BTreeMap::new(),
            by_class: BTreeMap::new(),
        };
        let mut successes = 0;
        for (status, place) in responses.members() {
            // A 5xx is never passed on, and `default` stands for what the gateway answers itself.
            if status == "default" || status.starts_with("x-") || status.starts_with('5') {
                continue;
            }
            let Some((number, is_class)) = parse_status(status) else {
                self.faults.add(
                    &place,
                    FaultKind::Status {
                        status: status.to_owned(),
                    },
                );
                continue;
            };
            if matches!(status.as_bytes().first(), Some(b'1' | b'3')) {
                self.faults.add(
                    &place,
                    FaultKind::Redirect {
                        status: status.to_owned(),
                    },
                );
                continue;
            }
            let succeeds = status.starts_with('2');
            successes += usize::from(succeeds);
            let has_body = operation.method != Method::Head;
            if let Some(response) = self.response(&place, succeeds, has_body, class) {
                if is_class {
                    &mut plan.by_class
                } else {
                    &mut plan.by_status
                }
                .insert(number, response);
            }
        }
        if successes == 0 {
            self.faults.add(&responses, FaultKind::NoSuccess);
        }
        (self.faults.count() == before).then_some(plan)
    }

    /// `None` also for a 4xx without content: the gateway answers those itself.
    fn response(
        &mut self,
        place: &Place<'doc>,
        succeeds: bool,
        has_body: bool,
        class: &mut DataClass,
    ) -> Option<StatusPlan> {
        let place = match self.schemas.resolve(place) {
            Ok(place) => place,
            Err(kind) => {
                self.faults.add(place, kind);
                return None;
            }
        };
        if !has_body || place.member("content").is_none() {
            return succeeds.then_some(StatusPlan::Empty);
        }
        let schema = self.json_schema(&place)?;
        let body = self.compiled(&schema, Direction::Response, class)?;
        let found = marks::find(&self.schemas, Direction::Response, &schema);
        let (marks, _) = self.kept(found)?;
        Some(StatusPlan::Body {
            schema: body,
            marks,
        })
    }
}

/// A status, or the first digit of a class of them.
fn parse_status(text: &str) -> Option<(u16, bool)> {
    match text {
        "2XX" => Some((2, true)),
        "4XX" => Some((4, true)),
        _ => {
            let number = text.parse::<u16>().ok()?;
            (text.len() == 3 && (100..600).contains(&number)).then_some((number, false))
        }
    }
}
