//! Every dependency's licence is on the list that deny.toml allows.

use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::workspace::{Failure, metadata, root};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Reads deny.toml and judges each package of the resolved graph.
pub(crate) fn check() -> Result<(), Failure> {
    let path = root().join("deny.toml");
    let text = std::fs::read_to_string(&path).map_err(|source| Failure::File {
        path: path.clone(),
        source,
    })?;
    let shape = |message: String| Failure::Shape {
        path: path.clone(),
        message,
    };
    let deny: Deny = toml::from_str(&text).map_err(|error| shape(error.to_string()))?;
    let allowed = deny.licenses.allow;

    let mut wrong = Vec::new();
    for package in &metadata()?.packages {
        let licence = package.license.as_deref().unwrap_or("none stated");
        let fits = Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
            expression.evaluate(|requirement| allowed.contains(&requirement.to_string()))
        });
        if !fits {
            wrong.push(format!("{} {}: {licence}", package.name, package.version));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Failed(wrong.join("; ")))
    }
}
