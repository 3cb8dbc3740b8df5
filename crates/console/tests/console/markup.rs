//! Reads the markup of pages as a browser would, as far as these tests ask.

/// The names of all attributes of all elements. Text between elements and quoted values are left
/// out, as these pages escape what would end them.
pub(crate) fn attribute_names(page: &str) -> Vec<String> {
    let elements = page.split('<').skip(1);
    elements
        .filter(|element| element.starts_with(|first: char| first.is_ascii_alphabetic()))
        .flat_map(|element| names_of(element).into_iter().skip(1))
        .collect()
}

/// The name of an element and of its attributes.
fn names_of(element: &str) -> Vec<String> {
    let mut unquoted = String::new();
    let mut quote = None;
    for char in element.chars() {
        match (quote, char) {
            (None, '>') => break,
            (None, '"' | '\'') => quote = Some(char),
            (None, _) => unquoted.push(char),
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
        }
    }
    let names = unquoted.split_whitespace();
    names
        .filter_map(|name| name.split(['=', '/']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_attribute_that_ends_early_is_seen() {
    assert_eq!(
        attribute_names("<a href=\"x on=y\" hidden>on z</a>"),
        ["href", "hidden"]
    );
    let broken = attribute_names("<a title=\"\" onerror=alert(2)>\"></a>");
    assert!(broken.contains(&"onerror".to_owned()));
}
