//! Phone numbers in one notation: E.164 where the country is known, `+`, country code and number.
//!
//! The table below is by hand, for the countries where workplaces of this kind are: calling code, the prefix that is dialled
//! only at home, and how many digits a number has after it (ITU-T E.164 and the national numbering plans). A whole
//! library of number plans would be hundreds of rules to tell a mobile from a fixed line, which nobody here asks.

/// How one country writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    calling: &'static str,
    /// Dialled before the number inside the country; empty where there is none.
    trunk: &'static str,
    /// Shortest and longest number, without calling code and trunk prefix.
    digits: (usize, usize),
}

/// Code, calling code, trunk prefix, shortest and longest number.
type Row = (&'static str, &'static str, &'static str, usize, usize);

const COUNTRIES: &[Row] = &[
    ("AE", "971", "0", 8, 9),
    ("AR", "54", "0", 10, 11),
    ("AT", "43", "0", 4, 13),
    ("AU", "61", "0", 9, 9),
    ("BE", "32", "0", 8, 9),
    ("BG", "359", "0", 7, 9),
    ("BR", "55", "0", 10, 11),
    ("CA", "1", "1", 10, 10),
    ("CH", "41", "0", 9, 9),
    ("CL", "56", "", 9, 9),
    ("CN", "86", "0", 10, 11),
    ("CO", "57", "", 10, 10),
    ("CR", "506", "", 8, 8),
    ("CY", "357", "", 8, 8),
    ("CZ", "420", "", 9, 9),
    ("DE", "49", "0", 5, 13),
    ("DK", "45", "", 8, 8),
    ("EE", "372", "", 7, 8),
    ("EG", "20", "0", 8, 10),
    ("ES", "34", "", 9, 9),
    ("FI", "358", "0", 5, 12),
    ("FR", "33", "0", 9, 9),
    ("GB", "44", "0", 9, 10),
    ("GR", "30", "", 10, 10),
    ("HK", "852", "", 8, 8),
    ("HR", "385", "0", 8, 9),
    ("HU", "36", "06", 8, 9),
    ("ID", "62", "0", 8, 12),
    ("IE", "353", "0", 7, 9),
    ("IL", "972", "0", 8, 9),
    ("IN", "91", "0", 10, 10),
    ("IS", "354", "", 7, 9),
    // A zero that begins an Italian number is part of it.
    ("IT", "39", "", 6, 12),
    ("JP", "81", "0", 9, 10),
    ("KE", "254", "0", 9, 9),
    ("KR", "82", "0", 8, 10),
    ("LT", "370", "0", 8, 8),
    ("LU", "352", "", 4, 11),
    ("LV", "371", "", 8, 8),
    ("MA", "212", "0", 9, 9),
    ("MT", "356", "", 8, 8),
    ("MX", "52", "", 10, 10),
    ("MY", "60", "0", 8, 10),
    ("NG", "234", "0", 8, 10),
    ("NL", "31", "0", 9, 9),
    ("NO", "47", "", 8, 8),
    ("NZ", "64", "0", 8, 10),
    ("PE", "51", "0", 8, 9),
    ("PH", "63", "0", 8, 10),
    ("PL", "48", "", 9, 9),
    ("PT", "351", "", 9, 9),
    ("QA", "974", "", 8, 8),
    ("RO", "40", "0", 9, 9),
    ("RS", "381", "0", 8, 9),
    ("SA", "966", "0", 8, 9),
    ("SE", "46", "0", 7, 9),
    ("SG", "65", "", 8, 8),
    ("SI", "386", "0", 8, 8),
    ("SK", "421", "0", 9, 9),
    ("TH", "66", "0", 8, 9),
    ("TR", "90", "0", 10, 10),
    ("TW", "886", "0", 8, 9),
    ("UA", "380", "0", 9, 9),
    ("US", "1", "1", 10, 10),
    ("VN", "84", "0", 9, 10),
    ("ZA", "27", "0", 9, 9),
];

impl Country {
    /// By its two letters, in either case.
    pub fn find(code: &str) -> Option<Self> {
        let code = code.trim();
        let row = COUNTRIES.iter().find(|row| row.0.eq_ignore_ascii_case(code))?;
        Some(Self { code: row.0, calling: row.1, trunk: row.2, digits: (row.3, row.4) })
    }

    /// Two letters of every country known.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        COUNTRIES.iter().map(|row| row.0)
    }
}

/// A phone number in one notation: `+`, digits, and an extension. What holds no digit stays as typed. Without a country a
/// number that has no international prefix keeps its digits only; with one it becomes international.
///
/// # Errors
/// With a country: why the digits are no number of it, in words.
pub(crate) fn phone(text: &str, home: Option<Country>) -> Result<String, String> {
    if text.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    {
        return checked(text.to_owned(), text, home);
    }
    let lower = text.to_lowercase();
    // What stands before the number says nothing of it: "Fax (+44) 20 …".
    let begins = lower.find(|c: char| c == '+' || c.is_ascii_digit()).unwrap_or(0);
    let lower = &lower[begins..];
    let (main, extension) = match lower.find("ext").or_else(|| lower.find('x')).or_else(|| lower.find('#')) {
        Some(at) if at > 0 => lower.split_at(at),
        _ => (lower, ""),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let plus = main.starts_with('+');
    let zeros = !plus && digits(main).starts_with("00");
    let international = plus || zeros;
    // "+44 (0) 20 …": the zero in brackets is dialled only at home.
    let bare = if international { main.replacen("(0)", "", 1) } else { main.to_owned() };
    let mut number = digits(&bare);
    if number.is_empty() {
        return Ok(text.to_owned());
    }
    if zeros {
        number.drain(..2);
    }
    let number = match (international, home) {
        (true, _) => checked(format!("+{number}"), text, home)?,
        (false, None) => number,
        (false, Some(home)) => national(&number, text, home)?,
    };
    match digits(extension) {
        extension if extension.is_empty() => Ok(number),
        extension => Ok(format!("{number} ext. {extension}")),
    }
}

/// E.164 has at most fifteen digits. Only looked at where somebody asked for the form, by naming a country.
fn checked(number: String, typed: &str, home: Option<Country>) -> Result<String, String> {
    if home.is_some() && !(8..=16).contains(&number.len()) {
        return Err(format!("\"{}\" is no international phone number", typed.trim()));
    }
    Ok(number)
}

fn national(digits: &str, typed: &str, home: Country) -> Result<String, String> {
    let fits = |number: &&str| (home.digits.0..=home.digits.1).contains(&number.len());
    let at_home =
        Some(home.trunk).filter(|trunk| !trunk.is_empty()).and_then(|trunk| digits.strip_prefix(trunk));
    // Somebody may have left out the plus: 44 20 … in Britain.
    let without_plus = digits.strip_prefix(home.calling);
    let number = |number: &str| format!("+{}{number}", home.calling);
    match (at_home.filter(fits), Some(digits).filter(fits), without_plus.filter(fits)) {
        (Some(at_home), _, _) => checked(number(at_home), typed, Some(home)),
        (None, Some(one), Some(other)) => Err(format!(
            "\"{}\" may be {} or {}: write it with + and the country's code",
            typed.trim(),
            number(one),
            number(other)
        )),
        (None, Some(one), None) | (None, None, Some(one)) => checked(number(one), typed, Some(home)),
        (None, None, None) => Err(format!("\"{}\" is no phone number of {}", typed.trim(), home.code)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Country, phone};

    #[test]
    fn phones_come_in_one_notation() {
        for (typed, kept) in [
            ("+44 123 456 7890", "+441234567890"),
            ("+441234567890", "+441234567890"),
            ("0044 123 4567890", "+441234567890"),
            ("+44 (0) 123/456.7890", "+441234567890"),
            ("(123) 456-7890", "1234567890"),
            ("123-456-7890 ext. 42", "1234567890 ext. 42"),
            ("(0044) 123 4567890", "+441234567890"),
            ("ask reception", "ask reception"),
        ] {
            assert_eq!(phone(typed, None).as_deref(), Ok(kept), "{typed}");
        }
    }

    #[test]
    fn numbers_of_a_country_become_international() {
        for (country, typed, kept) in [
            ("GB", "0113 496 0999", Ok("+441134960999")),
            ("GB", "(020) 7946 0018 x12", Ok("+442079460018 ext. 12")),
            ("gb", "44 113 496 0999", Ok("+441134960999")),
            ("GB", "+1 212 555 0100", Ok("+12125550100")),
            ("US", "(212) 555-0100", Ok("+12125550100")),
            ("US", "1-212-555-0100", Ok("+12125550100")),
            ("IT", "06 1234 5678", Ok("+390612345678")),
            ("DE", "0049 30 901820", Ok("+4930901820")),
            ("DE", "(0049) 30 901820", Ok("+4930901820")),
            ("DE", "(+44) 20 7946 0018", Ok("+442079460018")),
            ("DE", "Fax (+44) 20 7946 0018", Ok("+442079460018")),
            ("DE", "Tel. +49 (0)30 901820", Ok("+4930901820")),
            (
                "DE",
                "49 30 901820",
                Err(
                    "\"49 30 901820\" may be +494930901820 or +4930901820: write it with + and the country's code",
                ),
            ),
            ("DE", "30 901820", Ok("+4930901820")),
            ("DE", "030/901820", Ok("+4930901820")),
            ("HU", "06 1 234 5678", Ok("+3612345678")),
            ("SG", "6123 4567", Ok("+6561234567")),
            ("US", "555-0100", Err("\"555-0100\" is no phone number of US")),
            ("GB", "+12", Err("\"+12\" is no international phone number")),
            ("GB", "reception", Ok("reception")),
        ] {
            let home = Country::find(country).expect("a country");
            assert_eq!(
                phone(typed, Some(home)).as_deref().map_err(String::as_str),
                kept,
                "{typed} in {country}"
            );
        }
    }

    proptest! {
        #[test]
        fn once_is_enough(typed in "[-+()x# 0-9]{0,20}", country in prop::sample::select(Country::codes().collect::<Vec<_>>())) {
            let home = Country::find(country);
            if let Ok(once) = phone(&typed, home)
                && once.starts_with('+')
                && once.len() > 7
            {
                prop_assert_eq!(phone(&once, home), Ok(once.clone()), "{:?}", typed);
            }
        }
    }
}
