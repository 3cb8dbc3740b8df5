//! The service's own OpenAPI document, compiled into what the guards ask.

mod document;
mod error;
mod extension;
mod function;
mod json;
mod load;
mod mask;
mod owner;
mod parameter;
mod path;
mod request;
mod response;
mod schema;
mod value;
mod walk;

use std::{borrow::Borrow, collections::HashMap, hash::Hash, path::Path};

use hefu_tally::function::FunctionNo;

pub use error::{ContractError, Fault, FaultKind, ParameterFault};
pub use function::{Auth, Class, DataClass, Function, Method, Rates};
pub use json::{JsonFault, JsonFaultKind};
pub use owner::{OwnerCheck, OwnerLookup, OwnerRule, OwnerSource};
pub use path::{PathParams, PathTemplate};
pub use request::{Request, RequestFault, RequestInput, RequestPlan, SealedField};
pub use response::{Checked, ResponseFault, ResponsePlan};

/// Every function of a service, by number.
#[derive(Debug)]
pub struct Contract {
    functions: Vec<Function>,
    by_no: HashMap<FunctionNo, usize>,
}

impl Contract {
    /// Reads and compiles the document at `path` (YAML or JSON).
    ///
    /// # Errors
    /// When it cannot be read, or has faults: all of them are listed.
    pub fn load(path: &Path) -> Result<Self, ContractError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| ContractError::Unreadable {
            file: name.clone(),
            source,
        })?;
        Self::parse(&bytes, &name)
    }

    /// Compiles a document; `name` is what errors call it.
    ///
    /// # Errors
    /// When it has faults: all of them are listed.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, ContractError> {
        let functions = load::load(bytes).map_err(|faults| ContractError::Broken {
            file: name.to_owned(),
            faults,
        })?;
        let numbers = functions.iter().enumerate();
        let by_no = numbers
            .map(|(index, function)| (function.no.clone(), index))
            .collect();
        Ok(Self { functions, by_no })
    }

    /// The function of that number (`X-Function-No`).
    #[must_use]
    pub fn function<No>(&self, no: &No) -> Option<&Function>
    where
        FunctionNo: Borrow<No>,
        No: Hash + Eq + ?Sized,
    {
        self.by_no
            .get(no)
            .and_then(|index| self.functions.get(*index))
    }

    /// All functions, by path and method.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = &Function> {
        self.functions.iter()
    }
}

#[cfg(test)]
mod tests;
