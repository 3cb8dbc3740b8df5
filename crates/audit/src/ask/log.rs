//! Calls that write to logs.

use crate::facts::Origin;
use crate::facts::code::{Call, Code};

/// A call that writes to a log.
#[derive(Debug, Clone)]
pub(crate) struct LogCall<'a> {
    /// The call.
    pub(crate) call: Call<'a>,
    /// Whether it is for developers: anything less than a warning.
    pub(crate) is_verbose: bool,
    /// The arguments that make up the message, counted as in the signature.
    pub(crate) message: &'static [usize],
}

/// Methods of `android.util.Log`, and whether they are for developers.
const LEVELS: [(&str, bool); 6] = [
    ("d", true),
    ("e", false),
    ("i", true),
    ("v", true),
    ("w", false),
    ("wtf", false),
];
/// Logging libraries that name their methods in the same way; the message comes first.
const LOGGERS: [&str; 4] = [
    "timber.log.Timber",
    "timber.log.Timber$Tree",
    "timber.log.Timber$Forest",
    "com.orhanobut.logger.Logger",
];

/// Every call that writes to a log, by the platform, standard output or well-known libraries.
pub(crate) fn calls(code: &Code) -> Vec<LogCall<'_>> {
    let mut found = Vec::new();
    // Libraries are in the package or not at all; their methods have names that are common.
    let loggers = LOGGERS.iter().filter(|class| code.class(class).is_some());
    let loggers: Vec<_> = loggers.collect();
    for (level, is_verbose) in LEVELS {
        let platform = code.calls_to("android.util.Log", level).into_iter();
        found.extend(platform.map(|call| LogCall {
            call,
            is_verbose,
            message: &[1],
        }));
        let libraries = loggers.iter().flat_map(|class| code.calls_to(class, level));
        found.extend(libraries.map(|call| LogCall {
            call,
            is_verbose,
            message: &[0, 1],
        }));
    }
    for name in ["info", "fine", "finer", "finest"] {
        let calls = code.calls_to("java.util.logging.Logger", name).into_iter();
        found.extend(calls.map(|call| LogCall {
            call,
            is_verbose: true,
            message: &[0],
        }));
    }
    for name in ["println", "print", "printf", "format"] {
        let calls = code.calls_to("java.io.PrintStream", name).into_iter();
        found.extend(calls.filter(is_on_standard_stream).map(|call| LogCall {
            call,
            is_verbose: true,
            message: &[0, 1],
        }));
    }
    found
}

/// `System.out` and `System.err`, which Android writes to the system log.
fn is_on_standard_stream(call: &Call<'_>) -> bool {
    matches!(call.receiver(), Some(Origin::Field(field))
        if field.class_name() == "java.lang.System")
}
