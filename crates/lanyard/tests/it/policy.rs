//! `lanyard policy …` without a server: check, publish, compare, take back.

use std::fs;

use serde_json::json;

use crate::{
    bad_input::{POLICY, SETTINGS, folder},
    program::lanyard,
};

#[tokio::test]
async fn a_policy_is_checked_published_compared_and_taken_back() {
    // Nobody answers at these addresses: what cannot be asked is not checked.
    let settings = SETTINGS.replace("https://northgate.okta.com", "http://127.0.0.1:9");
    let folder = folder(&settings, POLICY);
    for secret in ["token", "password"] {
        fs::write(folder.path(secret), "secret\n").unwrap();
    }
    let data = folder.data();
    let rules = folder.path("policy/policy.toml");
    let policy = async |rest: &[&str]| {
        let mut arguments = vec!["policy"];
        arguments.extend(rest);
        arguments.extend(["--data", &data, "--json"]);
        lanyard(&arguments).await
    };

    let unchecked = [
        "attributes and their types: no schema of the tenants is at hand",
        "ids of groups: not every tenant's groups are known",
        "names of places, centers and items: no site was asked",
    ];
    assert_eq!(
        policy(&["lint"]).await.ends(0).json(),
        json!({ "ok": true, "problems": [], "not_checked": unchecked })
    );
    let told = folder.verb(&["policy", "lint"]).await.ends(0).out;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "no mistakes found");
    assert_eq!(lines[1], format!("not checked: {}", unchecked[0]));
    let first = policy(&["versions"]).await.ends(0).json();
    assert_eq!((&first["total"], &first["versions"][0]["author"]), (&json!(1), &json!("policy folder")));

    let edited = POLICY.replace("email = \"email\"\n", "email = \"email\"\njobTitle   = 'title'\n");
    fs::write(&rules, &edited).unwrap();
    assert_eq!(policy(&["fmt", "--check"]).await.ends(3).json()["changed"], json!(["policy.toml"]));
    policy(&["fmt"]).await.ends(0);
    assert!(fs::read_to_string(&rules).unwrap().ends_with("email = \"email\"\njobTitle = 'title'\n"));
    let changes = policy(&["diff"]).await.ends(3).json();
    assert_eq!(changes, json!({ "changes": ["The profile field jobTitle is new: \"title\"."] }));

    assert!(policy(&["publish"]).await.ends(2).json()["error"].as_str().unwrap().contains("needs a reason"));
    let done = policy(&["publish", "--reason", "titles too", "--by", "ana"]).await.ends(0).json();
    assert_eq!((&done["version"]["version"], &done["version"]["author"]), (&json!(2), &json!("ana")));
    policy(&["diff"]).await.ends(0);

    fs::write(&rules, edited.replace("jobTitle", "jobTitel")).unwrap();
    let refused = policy(&["publish", "--reason", "a slip"]).await.ends(2).json();
    assert_eq!(refused["problems"][0]["path"], "/rules/profile/jobTitel");
    assert_eq!(refused["problems"][0]["fix"], "did you mean \"jobTitle\"?");
    assert_eq!(policy(&["versions"]).await.ends(0).json()["total"], 2);

    let back = policy(&["rollback", "1", "--reason", "no titles"]).await.ends(0).json();
    assert_eq!((&back["version"]["version"], &back["version"]["back_to"]), (&json!(3), &json!(1)));
    policy(&["rollback", "9", "--reason", "x"]).await.ends(2);
    policy(&["export"]).await.ends(0);
    assert_eq!(fs::read_to_string(&rules).unwrap(), POLICY);

    // Where a second person must agree, they must to the way back, too.
    fs::write(&rules, format!("{POLICY}\n[guardrails]\nsecond_person = true\n")).unwrap();
    policy(&["publish", "--reason", "four eyes", "--by", "ana"]).await.ends(0);
    let asked = policy(&["rollback", "2", "--reason", "titles again", "--by", "ana"]).await.ends(3).json();
    assert_eq!(asked, json!({ "state": "waits for a second person", "asked_by": "ana" }));
    policy(&["rollback", "2", "--reason", "at once", "--by", "ana"]).await.ends(3);
    assert_eq!(policy(&["versions"]).await.ends(0).json()["total"], 4);
    let done = policy(&["rollback", "2", "--reason", "yes", "--by", "ola"]).await.ends(0).json();
    let version = &done["version"];
    assert_eq!((&version["version"], &version["back_to"]), (&json!(5), &json!(2)));
    assert_eq!((&version["author"], &version["approved_by"]), (&json!("ana"), &json!("ola")));
    assert_eq!(version["reason"], "titles again");
}

#[tokio::test]
async fn a_policy_tests_itself_and_prints_its_schema() {
    let folder = folder(SETTINGS, POLICY);
    let policies = folder.path("policy").display().to_string();
    let rules = folder.path("policy/policy.toml");
    let data = folder.data();
    let policy = async |rest: &[&str]| {
        let mut arguments = vec!["policy", "test"];
        arguments.extend(rest);
        arguments.extend(["--folder", &policies, "--data", &data]);
        lanyard(&arguments).await
    };
    let none = policy(&[]).await.ends(0);
    assert!(none.out.starts_with("the policy has no tests: add [[test]]"), "{none:?}");

    let tests = "\n[person.ana]\nprofile = { email = \"ana@x.example\" }\n\
                 [[test]]\nname = \"mail is kept\"\ngiven = { like = \"ana\" }\nexpect = { profile = { email = \"ana@x.example\" } }\n\
                 [[test]]\nname = \"nobody is set aside\"\ngiven = { like = \"ana\", status = \"SUSPENDED\" }\nexpect = { standing = \"active\" }\n";
    fs::write(&rules, format!("{POLICY}{tests}")).unwrap();
    let failed = policy(&["--json"]).await.ends(1).json();
    assert_eq!((&failed["ok"], &failed["passed"], &failed["failed"]), (&json!(false), &json!(1), &json!(1)));
    let difference = &failed["tests"][1]["differences"][0];
    assert_eq!(*difference, json!({ "part": "standing", "expected": ["active"], "found": ["on leave"] }));
    let told = policy(&[]).await.ends(1).out;
    assert!(told.starts_with("FAIL  nobody is set aside  (policy.toml:"), "{told}");
    assert!(told.contains("        - active\n        + on leave\n"), "{told}");

    // Tests of somebody else's, beside the policy and no part of it.
    fs::create_dir_all(folder.path("policy/more")).unwrap();
    let more = folder.path("policy/more/scenarios.toml");
    let own = "[[test]]\nname = \"a mail of theirs\"\ngiven = { like = \"ana\" }\nexpect = { profile = { email = \"bo@x.example\" } }\n";
    fs::write(&more, own).unwrap();
    let with = more.display().to_string();
    let both = policy(&["--json", "--with", &with]).await.ends(1).json();
    assert_eq!((&both["passed"], &both["failed"]), (&json!(1), &json!(2)));
    let theirs = &both["tests"][2];
    assert_eq!((&theirs["name"], &theirs["file"]), (&json!("a mail of theirs"), &json!(with)));
    assert_eq!(theirs["line"], 2);
    fs::write(&more, own.replace("given =", "givven =")).unwrap();
    let slip = policy(&["--json", "--with", &with]).await.ends(2).json();
    let first = &slip["problems"][0];
    assert_eq!((&first["file"], &first["line"]), (&json!(with), &json!(1)), "{slip}");
    lanyard(&["policy", "test", &policies, "--only", "mail is"]).await.ends(0);

    policy(&["--only", "mail"]).await.ends(0);
    let thin = policy(&["--only", "mail", "--min-coverage", "100", "--missed"]).await.ends(1).out;
    assert!(
        thin.contains("not reached  scope: login is \"nobody@northgate.example\" is never true"),
        "{thin}"
    );
    assert!(thin.contains("of the policy is reached, 100 % is asked for"), "{thin}");
    fs::write(&rules, format!("{POLICY}{}", tests.replace("standing", "standnig"))).unwrap();
    let slip = policy(&[]).await.ends(2).out;
    assert!(slip.contains("did you mean \"standing\"?"), "{slip}");

    let schema = lanyard(&["policy", "schema"]).await.ends(0).out;
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(schema["properties"]["flow"].is_object());
}
