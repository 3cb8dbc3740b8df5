//! Coming and going.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use hefu_gm::rng::SystemRng;
use zeroize::Zeroizing;

use crate::{
    console::Shared,
    cookies::{self, Cookie, Token},
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    guard::{Drawn, Form},
    operator::Verdict,
    pairs::{Pairs, local},
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
    refusal: Option<String>,
}

/// The form. Whoever is logged in goes on.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    mut visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let next = local(query.raw("next").unwrap_or("/")).to_owned();
    if visit.session.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    let mut set = None;
    if visit.login_form.is_none() {
        let made = Token::make(&mut SystemRng)?;
        visit.form_token = Some(shared.form_tokens.of(&made));
        set = cookies::set_token(Cookie::LoginForm, &made, visit.is_secure);
    }
    let page = draw(&LoginPage {
        frame: visit.frame(Section::Apart),
        next,
        refusal: None,
    })?;
    let set = set.map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(set), page).into_response())
}

/// Compares the password and opens a session under a new token.
pub(crate) async fn log_in(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Form(form): Form,
) -> Result<Response, Failure> {
    let next = local(form.raw("next").unwrap_or("/"));
    let password = form.raw("password").unwrap_or_default().as_bytes().to_vec();
    let verdict = shared
        .operator
        .verify(Zeroizing::new(password), visit.now)
        .await?;
    let (status, refusal) = match verdict {
        Verdict::Right => return let_in(&shared, &visit, next),
        Verdict::Wrong => (StatusCode::FORBIDDEN, visit.words.t("login-wrong")),
        Verdict::Later => (StatusCode::TOO_MANY_REQUESTS, visit.words.t("login-later")),
    };
    tracing::warn!(?verdict, "a login to the console failed");
    let frame = visit.frame(Section::Apart);
    let page = LoginPage {
        frame,
        next: next.to_owned(),
        refusal: Some(refusal),
    };
    let mut response = (status, draw(&page)?).into_response();
    response.extensions_mut().insert(Drawn);
    Ok(response)
}

/// Ends the session, here and in the browser.
pub(crate) async fn log_out(State(shared): State<Arc<Shared>>, visit: Visit) -> Response {
    if let Some(session) = &visit.session {
        shared.sessions.close(session);
    }
    tracing::info!("an operator logged out of the console");
    let unset = cookies::unset(Cookie::Session, visit.is_secure);
    go_to("/login", unset)
}

fn let_in(shared: &Shared, visit: &Visit, next: &str) -> Result<Response, Failure> {
    if let Some(before) = &visit.session {
        shared.sessions.close(before);
    }
    let session = shared.sessions.open(visit.now, &mut SystemRng)?;
    tracing::info!("an operator logged in to the console");
    let cookies = [
        cookies::set_token(Cookie::Session, &session, visit.is_secure),
        cookies::unset(Cookie::LoginForm, visit.is_secure),
    ];
    Ok(go_to(next, cookies.into_iter().flatten()))
}

fn go_to(path: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let set = cookies
        .into_iter()
        .map(|cookie| (header::SET_COOKIE, cookie));
    (AppendHeaders(set.collect::<Vec<_>>()), Redirect::to(path)).into_response()
}
