//! Whether a string looks as if chance had made it.

/// Shorter strings are words by chance too often.
const LENGTH_MIN: usize = 20;
/// Longer ones are data, not keys.
const LENGTH_MAX: usize = 128;

/// Whether a string looks like a key: letters and digits without order. Names, sentences,
/// alphabets, identifiers (UUIDs), digests of known purpose and versions are none.
pub(crate) fn is_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !(LENGTH_MIN..=LENGTH_MAX).contains(&bytes.len()) {
        return false;
    }
    let valid = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
    };
    if !bytes.iter().all(valid) || is_uuid(bytes) || is_ordered(bytes) {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    if digits < 3 || letters < 3 {
        return false;
    }
    if bytes.iter().all(u8::is_ascii_hexdigit) {
        // One hexadecimal digit carries four bits at most, and a short string never shows them all.
        return matches!(bytes.len(), 32 | 48 | 64 | 128) && entropy_millibits(bytes) >= 3_000;
    }
    let upper = bytes.iter().any(u8::is_ascii_uppercase);
    let lower = bytes.iter().any(u8::is_ascii_lowercase);
    upper
        && lower
        && !is_name(text)
        && entropy_millibits(bytes) >= 4_000
        && changes(bytes) * 3 >= bytes.len()
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && [8, 13, 18, 23]
            .iter()
            .all(|at| bytes.get(*at) == Some(&b'-'))
}

/// Alphabets and other runs of neighbours.
fn is_ordered(bytes: &[u8]) -> bool {
    let neighbours = bytes.windows(2).filter(|pair| match pair {
        [left, right] => left.abs_diff(*right) <= 1,
        _ => false,
    });
    neighbours.count() * 2 >= bytes.len()
}

/// Words put together, with few digits: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`, paths.
fn is_name(text: &str) -> bool {
    let parts = text
        .split(['_', '-', '/', '+', '='])
        .filter(|part| !part.is_empty());
    let mut words = 0;
    let mut all = 0;
    for part in parts {
        all += 1;
        let one_case = part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            || part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let word = part.len() < 14 && one_case;
        words += usize::from(word);
    }
    all > 2 && words * 4 >= all * 3
}

/// Changes between upper case, lower case and digits. In camel case there are few.
fn changes(bytes: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    bytes
        .windows(2)
        .filter(|pair| matches!(pair, [left, right] if class(*left) != class(*right)))
        .count()
}

/// Shannon's entropy of a byte, in thousandths of a bit.
fn entropy_millibits(bytes: &[u8]) -> u64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "entropy of bytes is between 0 and 8 bits"
    )]
    let millibits = (bits * 1_000.0) as u64;
    millibits
}

#[cfg(test)]
mod tests {
    use super::is_random;

    #[test]
    fn keys_are_told_from_names_and_tables() {
        for text in [
            "8d127684cbc37c17616d806cf50473cc",
            "wJ4lrXUtn7EMI/K7MD3NG/bPxRfiCY9zAQ2LpKvT",
            "q7Xk2mZp9Rt4Vw8Yb3Nc",
        ] {
            assert!(is_random(text), "{text}");
        }
        for text in [
            "123e4567-e89b-12d3-a456-426614174000",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            "0123456789abcdef0123456789abcdef",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "com/bank/LoginActivity12345",
            "getUserAccountInformation123",
            "application/x-www-form-urlencoded",
            "00000000000000000000000000000000",
            "The quick brown fox",
        ] {
            assert!(!is_random(text), "{text}");
        }
    }
}
