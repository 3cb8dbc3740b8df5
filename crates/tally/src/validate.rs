//! Validators: identity numbers, bank cards, phones. What passes becomes a type that does not print.
//!
//! A number that passes is well formed, not genuine: whether it belongs to a person is asked elsewhere.
//!
//! Clauses: JR-6.2.4.c, AP-4.1.2.

use std::fmt;

use zeroize::Zeroizing;

macro_rules! validated {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// The value itself, for those who have to pass it on.
            #[must_use]
            pub fn dangerous_as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

validated!(
    /// An 18-character identity number of GB 11643.
    IdNumber
);
validated!(
    /// A bank card number of 12 to 19 digits.
    BankCard
);
validated!(
    /// A phone number in E.164 form, with its plus sign.
    Phone
);

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// A date that exists in the Gregorian calendar.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        if day == 0 || day > days {
            None
        } else {
            Some(Self { year, month, day })
        }
    }
}

/// Why a number is refused. It never says the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// Too short, too long, or a character that does not belong.
    #[error("the number has the wrong length or characters")]
    Form,
    /// The first two digits are no province-level region.
    #[error("the number names no region")]
    Region,
    /// No date of the calendar, before 1900, or after today.
    #[error("the number holds no possible date of birth")]
    Date,
    /// The sequence 000 is never given out.
    #[error("the number holds no possible sequence number")]
    Sequence,
    /// The check digit is another one.
    #[error("the check digit does not fit")]
    Checksum,
    /// The first digit is none of a bank card's.
    #[error("the number is none of a bank card")]
    Issuer,
}

/// The province-level regions of GB/T 2260: the first two digits of every identity number.
const REGIONS: [&[u8; 2]; 35] = [
    b"11", b"12", b"13", b"14", b"15", b"21", b"22", b"23", b"31", b"32", b"33", b"34", b"35",
    b"36", b"37", b"41", b"42", b"43", b"44", b"45", b"46", b"50", b"51", b"52", b"53", b"54",
    b"61", b"62", b"63", b"64", b"65", b"71", b"81", b"82", b"83",
];

/// Checks an identity number: region, date of birth up to `today`, sequence, and the check digit of
/// ISO 7064 MOD 11-2. A small `x` is read as `X`. Foreigners' permanent residence numbers, which begin
/// with 9 and hold no region, are not identity numbers of GB 11643 and are refused.
///
/// # Errors
/// With the first rule that is broken.
pub fn id_number(text: &str, today: Date) -> Result<IdNumber, ValidationError> {
    let bytes: &[u8; 18] = text
        .as_bytes()
        .try_into()
        .map_err(|_| ValidationError::Form)?;
    let [region @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = bytes;
    let (body, check) = bytes.split_at(17);
    if !body.iter().all(u8::is_ascii_digit) || !matches!(check, [b'0'..=b'9' | b'X' | b'x']) {
        return Err(ValidationError::Form);
    }
    if !REGIONS.contains(&region) {
        return Err(ValidationError::Region);
    }
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|digits| digits.parse::<u16>().ok())
            .ok_or(ValidationError::Form)
    };
    let narrow = |number: u16| u8::try_from(number).map_err(|_| ValidationError::Date);
    let born = Date::new(
        number(6..10)?,
        narrow(number(10..12)?)?,
        narrow(number(12..14)?)?,
    )
    .filter(|born| born.year >= 1900 && *born <= today);
    if born.is_none() {
        return Err(ValidationError::Date);
    }
    if number(14..17)? == 0 {
        return Err(ValidationError::Sequence);
    }
    // ISO 7064 MOD 11-2: each digit doubles what came before; the whole is 1 modulo 11.
    let sum = body
        .iter()
        .fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let expected = match (12 - sum) % 11 {
        10 => b'X',
        digit => b'0' + u8::try_from(digit).unwrap_or_default(),
    };
    if check.first().map(u8::to_ascii_uppercase) != Some(expected) {
        return Err(ValidationError::Checksum);
    }
    Ok(IdNumber(Zeroizing::new(text.to_ascii_uppercase())))
}

/// Checks a bank card number: 12 to 19 digits, an issuer's first digit, and Luhn's check digit.
///
/// # Errors
/// With the first rule that is broken.
pub fn bank_card(text: &str) -> Result<BankCard, ValidationError> {
    if !(12..=19).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValidationError::Form);
    }
    // ISO/IEC 7812: 2 to 6 hold the payment schemes, 8 UnionPay's second range (81), 9 is for
    // national use, and older cards of Chinese banks begin with 1. No bank issues under 0 or 7.
    if text.starts_with(['0', '7']) {
        return Err(ValidationError::Issuer);
    }
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            match index % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    if sum.is_multiple_of(10) {
        Ok(BankCard(Zeroizing::new(text.to_owned())))
    } else {
        Err(ValidationError::Checksum)
    }
}

/// Checks a phone number: a mainland mobile number of 11 digits, with or without `+86`, or another
/// country's in E.164 form (`+` and 8 to 15 digits).
///
/// # Errors
/// When it is neither.
pub fn phone(text: &str) -> Result<Phone, ValidationError> {
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mainland = |digits: &str| {
        let mut first = digits.bytes();
        digits.len() == 11
            && all_digits(digits)
            && first.next() == Some(b'1')
            && matches!(first.next(), Some(b'3'..=b'9'))
    };
    let number = match text.strip_prefix('+') {
        None if mainland(text) => format!("+86{text}"),
        Some(international) => {
            let fits = match international.strip_prefix("86") {
                Some(digits) => mainland(digits),
                None => {
                    (8..=15).contains(&international.len())
                        && all_digits(international)
                        && !international.starts_with('0')
                }
            };
            if !fits {
                return Err(ValidationError::Form);
            }
            text.to_owned()
        }
        None => return Err(ValidationError::Form),
    };
    Ok(Phone(Zeroizing::new(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date {
        year: 2026,
        month: 11,
        day: 21,
    };

    #[test]
    fn identity_numbers_hold_region_date_and_check_digit() {
        for good in ["11010519491231002X", "11010519491231002x"] {
            let number = id_number(good, TODAY).unwrap();
            assert_eq!(number.dangerous_as_str(), "11010519491231002X");
        }
        for (wrong, why) in [
            ("440524188001010014", ValidationError::Date),
            ("", ValidationError::Form),
            ("11010519491231002", ValidationError::Form),
            ("11010519491231002Y", ValidationError::Form),
            ("1101051949123100２X", ValidationError::Form),
            ("99010519491231002X", ValidationError::Region),
            ("11010519490231002X", ValidationError::Date),
            ("11010520270101002X", ValidationError::Date),
            ("110105194912310003", ValidationError::Sequence),
            ("110105194912310021", ValidationError::Checksum),
        ] {
            assert_eq!(id_number(wrong, TODAY).unwrap_err(), why, "{wrong}");
        }
    }

    #[test]
    fn one_changed_digit_never_keeps_the_check_digit() {
        let good = "11010519491231002X";
        for at in 14..17 {
            for digit in b'0'..=b'9' {
                let mut changed = good.as_bytes().to_vec();
                changed[at] = digit;
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(
                    id_number(&changed, TODAY).is_ok(),
                    changed == good,
                    "{changed}"
                );
            }
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert!(Date::new(2000, 2, 29).is_some() && Date::new(1900, 2, 29).is_none());
        assert!(Date::new(2026, 4, 31).is_none() && Date::new(2026, 13, 1).is_none());
    }

    #[test]
    fn cards_hold_luhns_digit() {
        for good in [
            "4111111111111111",
            "5555555555554444",
            "6250941006528599",
            "8171999900000026",
        ] {
            assert!(bank_card(good).is_ok(), "{good}");
            let mut wrong = good.to_owned();
            let last = wrong.pop().unwrap();
            wrong.push(if last == '0' { '1' } else { '0' });
            assert_eq!(bank_card(&wrong).unwrap_err(), ValidationError::Checksum);
        }
        for wrong in [
            "",
            "41111111111",
            "4111 1111 1111 1111",
            "４111111111111111",
        ] {
            assert_eq!(
                bank_card(wrong).unwrap_err(),
                ValidationError::Form,
                "{wrong}"
            );
        }
        for wrong in ["0000000000000000", "7000000000000005"] {
            assert_eq!(bank_card(wrong).unwrap_err(), ValidationError::Issuer);
        }
    }

    #[test]
    fn phones_are_read_into_one_form() {
        for (text, number) in [
            ("13812345678", "+8613812345678"),
            ("+8613812345678", "+8613812345678"),
            ("+85251234567", "+85251234567"),
        ] {
            assert_eq!(phone(text).unwrap().dangerous_as_str(), number);
        }
        for wrong in [
            "",
            "+",
            "12812345678",
            "1381234567",
            "+8612812345678",
            "+0123456789",
            "138-1234-5678",
        ] {
            assert!(phone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_validated_prints() {
        let shown = format!("{:?}", bank_card("4111111111111111").unwrap());
        assert_eq!(shown, "BankCard(redacted)");
    }
}
