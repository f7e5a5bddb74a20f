//! Finer points of lists: dates in filters, sorting of groups, what the log can be filtered by, limits and cursors.

use lanyard_sim::okta::{OktaSettings, Spread};
use serde_json::{Value, json};

use super::desk::Desk;

/// A query parameter's value, encoded.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn a_date_that_cannot_be_read_is_refused() {
    let mut desk = Desk::exact();
    desk.employee("ines");
    for (query, expected) in [
        (r#"users?search=lastUpdated gt "yesterday""#, "400 E0000030"),
        (
            r#"users?search=status eq "ACTIVE" and (activated lt "2026-13-01T00:00:00.000Z" or status pr)"#,
            "400 E0000030",
        ),
        (r#"users?search=statusChanged eq "04.05.2026""#, "400 E0000030"),
        ("users?search=created gt 1777881600", "400 E0000031"),
        ("users?search=created eq true", "400 E0000031"),
        (r#"users?filter=lastUpdated gt "yesterday""#, "400 E0000030"),
        ("users?filter=lastUpdated gt 1777881600", "400 E0000053"),
        (r#"groups?search=lastMembershipUpdated gt "soon""#, "400 E0000030"),
        ("groups?search=created eq 5", "400 E0000031"),
        (r#"groups?filter=lastUpdated lt "soon""#, "400 E0000030"),
        ("groups?filter=lastMembershipUpdated lt 5", "400 E0000053"),
        (r#"users?search=lastUpdated gt "2026-05-04T07:00:00.000Z""#, "200 -"),
        (r#"users?search=lastUpdated gt "2026-05-04T09:00:00.000%2B02:00""#, "200 -"),
        (r#"users?search=created ge "2026-05-04""#, "200 -"),
        ("users?search=activated pr", "200 -"),
        // Of an attribute of the org's own nobody but the org knows whether it is a date.
        (r#"users?search=profile.title gt "soon""#, "200 -"),
    ] {
        let told = desk.get(&format!("/api/v1/{query}"));
        assert_eq!(told.code(), expected, "2.4: {query}: {}", told.text);
    }
}

#[test]
fn groups_are_sorted_by_any_property_of_a_search() {
    let mut desk = Desk::exact();
    let custom = json!({ "floor": { "title": "Floor", "type": "integer" } });
    let schema =
        json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": custom } } });
    assert_eq!(desk.post("/api/v1/meta/schemas/group/default", schema).status, 200);
    for (name, description, floor) in [("Beta", "y", 10), ("alpha", "Z", 9), ("Gamma", "x", -2)] {
        let id = desk.group(name);
        let profile = json!({ "name": name, "description": description, "floor": floor });
        let path = format!("/api/v1/groups/{id}");
        assert_eq!(desk.call("PUT", &path, Some(json!({ "profile": profile }))).status, 200);
    }
    let own = "search=type eq \"OKTA_GROUP\"";
    for (query, expected) in [
        (format!("{own}&sortBy=profile.name"), "alpha Beta Gamma"),
        (format!("{own}&sortBy=profile.name&sortOrder=desc"), "Gamma Beta alpha"),
        (format!("{own}&sortBy=profile.description"), "Gamma Beta alpha"),
        (format!("{own}&sortBy=profile.floor"), "Gamma alpha Beta"),
        (format!("{own}&sortBy=profile.floor&sortOrder=desc"), "Beta alpha Gamma"),
        // [S]: ignored without sortBy, and both without a search.
        (format!("{own}&sortOrder=desc"), "Beta alpha Gamma"),
        ("sortBy=profile.name&sortOrder=desc".to_owned(), "Everyone Beta alpha Gamma"),
        ("filter=type eq \"OKTA_GROUP\"&sortBy=profile.name".to_owned(), "Beta alpha Gamma"),
    ] {
        let told = desk.get(&format!("/api/v1/groups?{query}")).column("/profile/name");
        assert_eq!(told.join(" "), expected, "{query}");
        let paged = desk.walk(&format!("/api/v1/groups?{query}&limit=1"), "/profile/name");
        assert_eq!(paged.join(" "), expected, "{query}, page by page");
    }
    for (query, expected) in [
        (format!("{own}&sortBy=colour"), "400 E0000031"),
        (format!("{own}&sortBy=profile.name&sortOrder=sideways"), "400 E0000001"),
    ] {
        assert_eq!(desk.get(&format!("/api/v1/groups?{query}")).code(), expected, "{query}");
    }
    let users = desk.get("/api/v1/users?sortOrder=sideways");
    assert_eq!(users.status, 200, "[S]: ignored without sortBy: {}", users.text);
}

/// Every text, number and flag inside a value, with its path; lists have none of their own.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            leaves(value, &path, found);
        }),
        Value::Array(rows) => rows.iter().for_each(|row| leaves(row, path, found)),
        Value::Null => {}
        leaf => found.push((path.to_owned(), leaf.clone())),
    }
}

#[test]
fn whatever_an_event_shows_the_log_is_filtered_by() {
    let mut desk = Desk::exact();
    let body = json!({ "profile": { "name": "Floor 9", "description": "Floor 9" } });
    let request = desk.request("POST", "/api/v1/groups", Some(&body)).header("user-agent", "curl/8");
    desk.send(request.body(body.to_string().into()).unwrap());
    let event = desk.get("/api/v1/logs?filter=eventType eq \"group.lifecycle.create\"").body[0].clone();
    let mut shown = Vec::new();
    leaves(&event, "", &mut shown);
    // 9.1: since and until are for that one.
    shown.retain(|(path, _)| path != "published");
    let paths: Vec<&str> = shown.iter().map(|(path, _)| path.as_str()).collect();
    for path in ["client.ipAddress", "client.userAgent.os", "authenticationContext.externalSessionId"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    for (path, value) in &shown {
        let told = desk.get(&format!("/api/v1/logs?filter={}", encoded(&format!("{path} eq {value}"))));
        assert_eq!(told.status, 200, "{path}: {}", told.text);
        assert!(told.column("/uuid").contains(&event["uuid"].as_str().unwrap().to_owned()), "{path} {value}");
    }
    for other in
        ["client.ipAddress eq \"192.0.2.11\"", "client.zone eq \"Office\"", "client.device eq \"Computer\""]
    {
        assert_eq!(desk.get(&format!("/api/v1/logs?filter={other}")).body, json!([]), "{other}");
    }
}

#[test]
fn the_groups_of_an_app_are_listed_by_twenty_and_more() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let group = desk.group("DEPT-Legal");
    desk.order(json!({ "do": "assign_group_to_app", "app": app, "group": group }));
    let list = format!("/api/v1/apps/{app}/groups");
    for (limit, expected) in [(1, "400 E0000001"), (19, "400 E0000001"), (20, "200 -"), (200, "200 -")] {
        assert_eq!(desk.get(&format!("{list}?limit={limit}")).code(), expected, "[S] limit {limit}");
    }
    assert_eq!(desk.get(&list).body[0].get("_embedded"), None);
    let with_group = desk.get(&format!("{list}?expand=group"));
    assert_eq!(with_group.body[0]["_embedded"]["group"]["profile"]["name"], "DEPT-Legal");
    assert_eq!(with_group.body[0]["_embedded"]["group"]["id"], group.as_str());
    assert_eq!(desk.get(&format!("{list}?expand=metadata")).body[0]["_embedded"], json!({ "metadata": {} }));
}

#[test]
fn a_cursor_of_another_list_is_refused_where_quotas_are_listed() {
    let mut desk = Desk::exact();
    for name in ["ines", "tomas"] {
        desk.employee(name);
    }
    desk.face.add_api_token("0ther", "others", None, lanyard_sim::okta::Role::Super);
    let cursor = |next: String| next.split("after=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let of_users = cursor(desk.get("/api/v1/users?limit=1").link("next").expect("more users"));
    let tokens = "/api/v1/principal-rate-limits?filter=principalType eq \"SSWS_TOKEN\"";
    let first = desk.get(&format!("{tokens}&limit=1"));
    let own = cursor(first.link("next").expect("two tokens"));
    assert_eq!(desk.get(&format!("{tokens}&after={own}")).body.as_array().map(Vec::len), Some(1));
    assert_eq!(desk.get(&format!("{tokens}&after={of_users}")).code(), "400 E0000001", "2.2");
    let apps = tokens.replace("SSWS_TOKEN", "OAUTH_CLIENT");
    assert_eq!(desk.get(&format!("{apps}&after={own}")).code(), "400 E0000001", "2.2");
}

#[test]
fn parts_of_an_answer_are_left_out_by_name() {
    let slow = OktaSettings { transition: Spread::between(2_000, 2_000), ..OktaSettings::exact() };
    let mut desk = Desk::new(slow);
    let id = desk.employee("ines");
    desk.order(json!({ "do": "lock", "user": id }));
    desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
    let all = "deactivate resetPassword self unlock";
    // 5.4: three options, each by itself; [S] has them in quotes and without.
    for (options, credentials, transition, links) in [
        ("", true, true, all),
        ("; okta-response=omitCredentials", false, true, all),
        ("; okta-response=\"omitCredentialsLinks\"", true, true, "deactivate self"),
        ("; okta-response=\"omitTransitioningToStatus\"", true, false, all),
        ("; okta-response=omitCredentials,omitCredentialsLinks", false, true, "deactivate self"),
        (
            "; okta-response=\"omitCredentials,omitCredentialsLinks, omitTransitioningToStatus\"",
            false,
            false,
            "deactivate self",
        ),
    ] {
        let request = desk.request("GET", &format!("/api/v1/users/{id}"), None);
        let request = request.header("content-type", format!("application/json{options}"));
        let told = desk.send(request.body(Default::default()).unwrap()).body;
        let mut shown: Vec<&str> = told["_links"].as_object().unwrap().keys().map(String::as_str).collect();
        shown.sort_unstable();
        assert_eq!(
            (told.get("credentials").is_some(), told.get("transitioningToStatus").is_some(), shown.join(" ")),
            (credentials, transition, links.to_owned()),
            "{options}"
        );
    }
}

#[test]
fn who_comes_by_the_custom_domain_learns_the_orgs_own() {
    let alias = "id.northgate.example";
    let settings = OktaSettings { alias_host: Some(alias.to_owned()), ..OktaSettings::exact() };
    let mut desk = Desk::new(settings);
    for host in [alias, "northgate.okta.com"] {
        let request = http::Request::get("/.well-known/okta-organization").header("host", host);
        let told = desk.send(request.body(Default::default()).unwrap());
        let links = ["organization", "alternate"].map(|name| told.body["_links"][name]["href"].clone());
        assert_eq!(links, ["https://northgate.okta.com", "https://id.northgate.example"], "1: by {host}");
    }
}

#[test]
fn an_empty_parameter_is_as_good_as_none() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let (id, group) = (desk.employee("ines"), desk.group("Legal"));
    desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    desk.order(json!({ "do": "assign_group_to_app", "app": app, "group": group }));
    for list in [
        "users".to_owned(),
        "users?search=status pr&sortBy=profile.login".to_owned(),
        format!("users/{id}/groups"),
        "groups".to_owned(),
        format!("groups/{group}/users"),
        format!("groups/{group}/apps"),
        "groups/rules".to_owned(),
        "apps".to_owned(),
        format!("apps/{app}/users"),
        format!("apps/{app}/groups"),
        "logs".to_owned(),
        "principal-rate-limits?filter=principalType eq \"SSWS_TOKEN\"".to_owned(),
    ] {
        let path = format!("/api/v1/{list}");
        let whole = desk.get(&path);
        assert_eq!(whole.status, 200, "{list}: {}", whole.text);
        for name in ["after", "limit", "sortOrder", "q"] {
            let mark = if list.contains('?') { '&' } else { '?' };
            let told = desk.get(&format!("{path}{mark}{name}="));
            assert_eq!((told.status, &told.body), (200, &whole.body), "{list} {name}");
        }
    }
}

#[test]
fn the_links_of_a_group_and_of_its_assignment_lead_there() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let (group, other) = (desk.group("DEPT-Legal"), desk.group("DEPT-Sales"));
    desk.order(json!({ "do": "assign_group_to_app", "app": app, "group": group }));
    let links = desk.get(&format!("/api/v1/groups/{group}")).body["_links"].clone();
    for (name, expected) in [("apps", vec![app.clone()]), ("users", vec![])] {
        let href = links[name]["href"].as_str().expect("a link");
        assert_eq!(desk.get(href).column("/id"), expected, "{name}: {href}");
    }
    assert_eq!(desk.get(&format!("/api/v1/groups/{other}/apps")).body, json!([]));
    assert_eq!(desk.get("/api/v1/groups/00gnobodyknowsthis0/apps").code(), "404 E0000007");
    let assigned = desk.get(&format!("/api/v1/apps/{app}/groups")).body[0].clone();
    let href = assigned["_links"]["self"]["href"].as_str().expect("a link").to_owned();
    assert_eq!(desk.get(&href).body, assigned);
    let embedded = desk.get(&format!("{href}?expand=group")).body["_embedded"].clone();
    assert_eq!(embedded["group"]["profile"]["name"], "DEPT-Legal");
    for path in [format!("{app}/groups/{other}"), format!("0oanobodyknowsthis0/groups/{group}")] {
        assert_eq!(desk.get(&format!("/api/v1/apps/{path}")).code(), "404 E0000007", "{path}");
    }
}

#[test]
fn the_people_of_an_app_are_looked_up_by_the_name_they_have_there() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    for (name, there) in [("ines", "okafor.i"), ("tomas", "lind.t")] {
        let id = desk.employee(name);
        let body = json!({ "credentials": { "userName": there } });
        assert_eq!(desk.post(&format!("/api/v1/apps/{app}/users/{id}"), body).status, 200);
    }
    // [S]: the start of userName, firstName, lastName or email.
    for (q, expected) in [
        ("okafor", "okafor.i"),
        ("TOMAS", "lind.t"),
        ("ines@", "okafor.i"),
        ("afor", ""),
        ("lind", "okafor.i lind.t"),
    ] {
        let told = desk.get(&format!("/api/v1/apps/{app}/users?q={q}"));
        assert_eq!(told.column("/credentials/userName").join(" "), expected, "{q}");
    }
}

#[test]
fn principals_are_filtered_in_the_language_of_filters() {
    let mut desk = Desk::exact();
    let other = desk.face.add_api_token("0ther", "others", None, lanyard_sim::okta::Role::Super).to_string();
    for (filter, expected) in [
        ("principalType eq \"SSWS_TOKEN\"", "200 2"),
        ("principalType EQ \"SSWS_TOKEN\"", "200 2"),
        ("(principalType eq \"SSWS_TOKEN\")", "200 2"),
        (&*format!("principalType eq \"SSWS_TOKEN\" and principalId eq \"{other}\""), "200 1"),
        (&*format!("principalId eq \"{other}\" and principalType eq \"SSWS_TOKEN\""), "200 1"),
        ("principalType eq \"OAUTH_CLIENT\"", "200 0"),
        ("principalType eq \"NOBODY\"", "400 -"),
        ("principalType sw \"SSWS\"", "400 -"),
        ("principalType eq \"SSWS_TOKEN\" and colour eq \"red\"", "400 -"),
        ("principalType eq \"SSWS_TOKEN", "400 -"),
        ("", "400 -"),
    ] {
        let told = desk.get(&format!("/api/v1/principal-rate-limits?filter={}", encoded(filter)));
        let count = told.body.as_array().map_or("-".to_owned(), |rows| rows.len().to_string());
        assert_eq!(format!("{} {count}", told.status), expected, "{filter}: {}", told.text);
    }
}

#[test]
fn a_place_in_the_log_outlives_the_time_it_was_asked_for() {
    let mut desk = Desk::exact();
    desk.employee("ines");
    // 180 days before now less a minute: soon nobody may ask for it any more.
    let asked = "/api/v1/logs?since=2025-11-05T08:01:00.000Z&limit=1&sortOrder=ASCENDING";
    let first = desk.get(asked);
    assert_eq!(first.column("/eventType"), ["user.lifecycle.create"], "{}", first.text);
    let next = first.link("next").expect("more");
    desk.wait(120_000);
    assert_eq!(desk.get(asked).code(), "400 E0000053");
    assert_eq!(desk.get(&next).column("/eventType"), ["user.lifecycle.activate"]);
}
