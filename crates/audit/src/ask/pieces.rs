//! What a value is made from, further than the facts resolve it: through pieces of texts, files,
//! addresses and bundles.

use std::collections::HashSet;

use crate::facts::Origin;
use crate::facts::code::Call;

/// Values looked at in one search. Stops texts made of thousands of pieces.
const STEPS_MAX: usize = 128;

/// Platform classes whose results have the content of their receiver or arguments.
const PASSING: [&str; 13] = [
    "java.lang.String",
    "java.lang.CharSequence",
    "java.lang.StringBuilder",
    "java.lang.StringBuffer",
    "java.io.File",
    "java.net.URI",
    "java.net.URL",
    "java.net.URLEncoder",
    "java.net.URLDecoder",
    "android.net.Uri",
    "android.net.Uri$Builder",
    "android.os.Bundle",
    "android.os.BaseBundle",
];

/// Everything that a value is made from, itself first: constants, and the calls whose results are
/// part of it.
pub(crate) fn made_from<'a>(origin: &Origin<'a>) -> Vec<Origin<'a>> {
    let mut found = Vec::new();
    let mut seen: HashSet<Origin<'a>> = HashSet::new();
    let mut queue = vec![origin.clone()];
    while let Some(next) = queue.pop() {
        if seen.len() >= STEPS_MAX || !seen.insert(next.clone()) {
            continue;
        }
        queue.extend(pieces(&next));
        found.push(next);
    }
    found
}

fn pieces<'a>(origin: &Origin<'a>) -> Vec<Origin<'a>> {
    match origin {
        Origin::Field(_) | Origin::Parameter(_) | Origin::OneOf(_) => origin.resolve(),
        Origin::Result(call) => of_result(origin, call),
        Origin::New(object) => {
            let class = object.class_name();
            let constructor = object.constructor();
            constructor
                .filter(|_| PASSING.contains(&class.as_ref()))
                .map(|call| call.arguments().collect())
                .unwrap_or_default()
        }
        Origin::Array(array) => array.elements().unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn of_result<'a>(origin: &Origin<'a>, call: &Call<'a>) -> Vec<Origin<'a>> {
    let target = call.target();
    if target.definition().is_some() {
        return origin.resolve();
    }
    let parts = origin.parts();
    if parts.len() > 1 || parts.first() != Some(origin) {
        return parts;
    }
    let class = target.class_name();
    let of_intent =
        class == "android.content.Intent" && target.return_type() == "android.os.Bundle";
    if PASSING.contains(&class.as_ref()) || of_intent {
        return call
            .receiver()
            .into_iter()
            .chain(call.arguments())
            .collect();
    }
    // The conversions that the facts know.
    let resolved = origin.resolve();
    resolved.into_iter().filter(|next| next != origin).collect()
}

#[cfg(test)]
mod tests {
    use super::made_from;
    use crate::fixture::facts_of_code;

    #[test]
    fn pieces_of_texts_and_files_are_followed() {
        let facts = facts_of_code(
            ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 8\n\
             const-string v0, \"a\"\nconst-string v1, \"b\"\n\
             invoke-virtual {v0, v1}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v2\n\
             new-instance v3, Ljava/io/File;\n\
             invoke-direct {v3, v2}, Ljava/io/File;-><init>(Ljava/lang/String;)V\n\
             invoke-virtual {v3}, Ljava/io/File;->getPath()Ljava/lang/String;\n\
             move-result-object v4\n\
             invoke-static {v4}, Lcom/bank/A;->sink(Ljava/lang/String;)V\n\
             return-void\n.end method\n\
             .method public static sink(Ljava/lang/String;)V\n.registers 1\nreturn-void\n.end method\n",
        );
        let sink = facts.code.calls_named("sink").next().unwrap();
        let texts: Vec<_> = made_from(&sink.argument(0).unwrap())
            .iter()
            .filter_map(|origin| origin.text())
            .map(|text| text.into_owned())
            .collect();
        assert_eq!(texts, ["b", "a"]);
    }
}
