use lanyard_scim::{Filter, Kind};

use crate::{facilities, ines};

#[test]
fn equalities_and_their_conjunction_are_understood() {
    let found = |filter: &str| Filter::parse(Kind::User, filter).map(|f| f.matches("2c9f", &ines()));
    for (filter, expected) in [
        (r#"userName eq "ines.okafor@northgate.example""#, true),
        (r#"userName eq "INES.OKAFOR@NORTHGATE.EXAMPLE""#, true),
        (r#"username EQ "ines.okafor@northgate.example""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ines.okafor@northgate.example""#, true),
        (r#"userName eq "somebody@else.example""#, false),
        (r#"externalId eq "00u7k2m9xQpLr4TnW1d8""#, true),
        (r#"externalId eq "00U7K2M9XQPLR4TNW1D8""#, false),
        (r#"id eq "2c9f""#, true),
        (r#"id eq "2C9F""#, false),
        (r#"displayName eq "ines okafor""#, true),
        (r#"emails.value eq "ines.okafor@northgate.example" and id eq "2c9f""#, true),
        (r#"emails.value eq "ines.okafor@northgate.example"  AND  id eq "other""#, false),
        (r#"userName eq "a \"quoted\" and odd ] name""#, false),
    ] {
        assert_eq!(found(filter), Ok(expected), "{filter}");
    }
}

#[test]
fn everything_else_is_refused() {
    let bomb = "(".repeat(50_000);
    let long = vec![r#"id eq "x""#; 17].join(" and ");
    let user = [
        "",
        " ",
        "userName",
        "userName eq",
        r#"userName eq """ x"#,
        r#"userName eq "open"#,
        "userName eq bare",
        r#"userName eq "a" or id eq "b""#,
        r#"userName sw "a""#,
        "userName pr",
        r#"not (id eq "a")"#,
        r#"(id eq "a")"#,
        r#"emails[type eq "work"]"#,
        "active eq true",
        "id eq 7",
        r#"password eq "x""#,
        r#"meta.lastModified gt "2026-01-01T00:00:00Z""#,
        r#"id eq "a" and"#,
        r#"id eq "a"and id eq "b""#,
        r#"título eq "ñ""#,
        &bomb,
        &long,
    ];
    for filter in user {
        let refusal = Filter::parse(Kind::User, filter).unwrap_err();
        assert_eq!(refusal.scim_type(), "invalidFilter", "{filter}: {refusal}");
    }
    let refusal = Filter::parse(Kind::Group, r#"userName eq "x""#).unwrap_err();
    assert_eq!(refusal.to_string(), "Groups are not found by userName");
}

#[test]
fn groups_are_found_by_name() {
    let filter = Filter::parse(Kind::Group, r#"displayName eq "DEPT-Facilities""#).unwrap();
    assert!(filter.matches("7d41", &facilities(&[])));
    let (field, value) = filter.narrowest().unwrap();
    assert_eq!((field.name(), value), ("displayName", "dept-facilities"));
}
