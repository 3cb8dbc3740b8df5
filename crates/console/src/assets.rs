//! Stylesheet, scripts and icon: the only files, all of them inside the program.
//!
//! `htmx` is by Big Sky Software under the Zero-Clause BSD licence (`assets/htmx-LICENSE`).

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::failure::Failure;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: [Asset; 4] = [
    Asset {
        name: "console.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/console.css"),
    },
    Asset {
        name: "console.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/console.js"),
    },
    Asset {
        name: "htmx.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/htmx-2.0.11.min.js"),
    },
    Asset {
        name: "icon.svg",
        media_type: "image/svg+xml",
        bytes: include_bytes!("../assets/icon.svg"),
    },
];

static TAGS: LazyLock<[String; 4]> = LazyLock::new(|| {
    ASSETS.each_ref().map(|asset| {
        let digest = digest(&SHA256, asset.bytes);
        format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest))
    })
});

/// One of the files. Browsers keep it, and ask whether it is still the same.
pub(crate) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let mut found = ASSETS.iter().zip(TAGS.iter());
    let (asset, tag) = found
        .find(|(asset, _)| asset.name == name)
        .ok_or(Failure::NotFound)?;
    let kept = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, tag.as_str()),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str())
    {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((
        kept,
        [(header::CONTENT_TYPE, asset.media_type)],
        asset.bytes,
    )
        .into_response())
}
