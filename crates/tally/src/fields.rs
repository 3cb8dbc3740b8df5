//! Header fields, free of any HTTP library.

/// The header fields of a message.
///
/// Implemented by whatever holds them, so that nothing is copied to have a signature checked.
pub trait Fields {
    /// The values of the field lines with this name (given in lower case), in the order received.
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]>;
}

/// A field that may occur once occurs more often: two readers could each believe another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a header field that may occur once occurs more than once")]
pub struct Duplicate;

/// The value of a field that may occur once.
///
/// # Errors
/// When it occurs more than once.
pub fn single<'fields, F>(
    fields: &'fields F,
    name: &str,
) -> Result<Option<&'fields [u8]>, Duplicate>
where
    F: Fields + ?Sized,
{
    let mut values = fields.values(name);
    let value = values.next();
    if values.next().is_some() {
        Err(Duplicate)
    } else {
        Ok(value)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Fields for [(N, V)] {
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]> {
        self.iter()
            .filter(move |(field, _)| field.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Fields for Vec<(N, V)> {
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]> {
        self.as_slice().values(name)
    }
}

impl<F: Fields + ?Sized> Fields for &F {
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]> {
        (**self).values(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_line_is_seen_whatever_the_case_of_its_name() {
        let fields = vec![("Host", "a"), ("x", "1"), ("hOST", "b")];
        assert_eq!(fields.values("host").count(), 2);
        assert_eq!(single(&fields, "host"), Err(Duplicate));
        assert_eq!(single(&fields, "x"), Ok(Some(&b"1"[..])));
        assert_eq!(single(&fields, "y"), Ok(None));
    }
}
