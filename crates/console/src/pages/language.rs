//! The switch between the languages.

use axum::{
    http::header,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    cookies, failure::Failure, frame::Visit, guard::Form, language::Language, pairs::local,
};

/// Remembers the language and goes back to where the operator was.
pub(crate) async fn switch(visit: Visit, Form(form): Form) -> Result<Response, Failure> {
    let language = form
        .one_of("language", Language::of_tag)?
        .ok_or(Failure::Malformed)?;
    let cookie = cookies::set_language(language, visit.is_secure).ok_or(Failure::Internal)?;
    let next = local(form.raw("next").unwrap_or("/"));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}
