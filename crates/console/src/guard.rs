//! What every request passes, whatever the page: the name it uses, who sends it, where a form comes
//! from; and what every answer carries.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    console::Shared,
    cookies::{self, Cookie},
    failure::Failure,
    frame::{Visit, part_of},
    language::Language,
    origin::Origin,
    pages,
    pairs::{FORM_BYTES_MAX, Pairs, TARGET_BYTES_MAX, link},
    words::Words,
};
use zeroize::Zeroizing;

/// Our own files and nothing else; no script and no style within a page; nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// On every answer.
const SECURITY_HEADERS: [(&str, &str); 9] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: with it, browsers send `Origin: null` along with our own forms.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), clipboard-read=()",
    ),
    ("x-robots-tag", "noindex, nofollow"),
];

/// An answer of 400 or above that is a page already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn;

/// A form that passed the guard.
#[derive(Clone, Debug)]
pub(crate) struct Form(pub(crate) Pairs);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Failure::Internal)
    }
}

impl<S: Sync> FromRequestParts<S> for Pairs {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Self::parse(parts.uri.query().unwrap_or_default().as_bytes())
    }
}

/// Around every page.
pub(crate) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = origin_of(&shared, &request);
    let visit = visit_of(&shared, &request, origin);
    let answer = match admit(&shared, request, origin, &visit, next).await {
        Ok(answer) => answer,
        Err(failure) => failure.into_response(),
    };
    let mut answer = uniform(answer, &visit);
    dress(answer.headers_mut(), visit.is_secure);
    answer
}

/// Lets a request in, or says why not.
async fn admit(
    shared: &Shared,
    mut request: Request,
    origin: Option<&Origin>,
    visit: &Visit,
    next: Next,
) -> Result<Response, Failure> {
    let origin = origin.ok_or(Failure::Misdirected)?;
    if visit.here.len() > TARGET_BYTES_MAX {
        return Err(Failure::TargetTooLong);
    }
    let is_form = request.method() == Method::POST;
    if is_form {
        let sent_from = request.headers().get(header::ORIGIN);
        if sent_from.is_none_or(|sent_from| sent_from != origin.as_str()) {
            return Err(Failure::Forged);
        }
    }
    if visit.session.is_none() && !is_open_to_all(request.uri().path()) {
        return Ok(to_login(visit, is_form));
    }
    request.extensions_mut().insert(visit.clone());
    if is_form {
        let (mut parts, body) = request.into_parts();
        let form = read_form(body).await?;
        let cookie = visit.session.as_ref().or(visit.login_form.as_ref());
        let token = form.raw("token").unwrap_or_default();
        if !cookie.is_some_and(|cookie| shared.form_tokens.is_of(cookie, token)) {
            return Err(Failure::Forged);
        }
        parts.extensions.insert(Form(form));
        request = Request::from_parts(parts, Body::empty());
    }
    Ok(next.run(request).await)
}

/// The origin whose name the request uses.
fn origin_of<'shared>(shared: &'shared Shared, request: &Request) -> Option<&'shared Origin> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    let is_contradicted = request
        .uri()
        .authority()
        .is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host));
    if is_contradicted {
        return None;
    }
    let mut origins = shared.origins.iter();
    origins.find(|origin| origin.authority().eq_ignore_ascii_case(host))
}

fn visit_of(shared: &Shared, request: &Request, origin: Option<&Origin>) -> Visit {
    let headers = request.headers();
    let path = request.uri().path();
    let is_secure = origin.is_some_and(Origin::is_secure);
    let now = shared.clock.now();
    // A page that refreshes itself shows that it is open, not that somebody sits before it.
    let is_use = !path.starts_with("/live/") && !path.starts_with("/static/");
    let session = cookies::token(headers, Cookie::Session, is_secure)
        .filter(|token| origin.is_some() && shared.sessions.is_open(token, now, is_use));
    let login_form = cookies::token(headers, Cookie::LoginForm, is_secure);
    let form_token = session
        .as_ref()
        .or(login_form.as_ref())
        .map(|cookie| shared.form_tokens.of(cookie));
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    let here = request
        .uri()
        .path_and_query()
        .map_or("/", |here| here.as_str());
    Visit {
        words: Words::new(language_of(headers, is_secure), shared.offset),
        now,
        is_secure,
        session,
        login_form,
        form_token,
        here: if is_page {
            here.to_owned()
        } else {
            "/".to_owned()
        },
        part: part_of(headers),
    }
}

fn language_of(headers: &HeaderMap, is_secure: bool) -> Language {
    cookies::language(headers, is_secure).unwrap_or_else(|| {
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        Language::accepted(accepted.unwrap_or_default())
    })
}

fn is_open_to_all(path: &str) -> bool {
    path == "/login" || path == "/language" || path.starts_with("/static/")
}

/// Pages go on to the login; htmx has to be told in its own words, else it would put the login page
/// into the element.
fn to_login(visit: &Visit, is_form: bool) -> Response {
    let next = if is_form || visit.here == "/" || visit.part.is_some() {
        ""
    } else {
        &visit.here
    };
    let login = link("/login", &[("next", next)]);
    if visit.part.is_some() {
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", login)]).into_response();
    }
    Redirect::to(&login).into_response()
}

async fn read_form(body: Body) -> Result<Pairs, Failure> {
    let bytes = to_bytes(body, FORM_BYTES_MAX)
        .await
        .map_err(|_| Failure::TooLarge)?;
    // A password may be in it.
    let bytes = Zeroizing::new(Vec::from(bytes));
    Pairs::parse(&bytes)
}

/// Every failure looks the same, whoever made it.
fn uniform(answer: Response, visit: &Visit) -> Response {
    let status = answer.status();
    let is_failure = status.is_client_error() || status.is_server_error();
    if !is_failure || answer.extensions().get::<Drawn>().is_some() {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    let page = pages::error::draw(status, visit);
    Response::from_parts(parts, Body::from(page))
}

fn dress(headers: &mut HeaderMap, is_secure: bool) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if is_secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
