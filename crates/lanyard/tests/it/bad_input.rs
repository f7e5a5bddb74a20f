//! Files with mistakes: file, line, column, the fix, exit 2, and nothing is started.

use std::{fs, path::PathBuf};

use crate::{
    folder::Folder,
    program::{Said, lanyard},
};

pub const SETTINGS: &str = r#"# main settings of main
listen = "127.0.0.1:8480"

[[tenant]]
id = "main"
okta_url = "https://northgate.okta.com"
okta_token_file = "token"

[[site]]
id = "hq"
ioffice_url = "https://northgate.iofficeconnect.com"
ioffice_user = "sync"
ioffice_password_file = "password"
"#;

pub const POLICY: &str = r#"format = 1
name = "Small"

[[route]]
tenant = "main"
site = "hq"

[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email", compare = "email" }]

[scope]
if = [{ attribute = "login", is_not = "nobody@northgate.example" }]

[profile]
email = "email"
"#;

fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies/harborlight")
}

/// A folder with these settings and this policy.
pub fn folder(settings: &str, policy: &str) -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("policy")).expect("a folder");
    let files = [("lanyard.toml", settings), ("policy/policy.toml", policy)];
    for (name, text) in files.into_iter().chain([("token", "x"), ("password", "x"), ("empty", " \n")]) {
        fs::write(folder.path(name), text).expect("a file");
    }
    folder
}

fn names(said: &Said, parts: &[&str]) {
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in:\n{}", said.err);
    }
}

#[tokio::test]
async fn settings_with_mistakes_name_the_place_and_the_fix() {
    folder(SETTINGS, POLICY).verb(&["check"]).await.ends(0);
    for (from, to, parts) in [
        (
            "[[tenant]]",
            "public_url = \"http://lanyard.example.com\"\n[[tenant]]",
            vec!["lanyard.toml:4:14", "https://lanyard.example.com"],
        ),
        (
            "listen =",
            "leaver_bound_seconds = 5\nlisten =",
            vec!["lanyard.toml:2:24", "5 is not between 30 and 86400 seconds"],
        ),
        (
            "listen =",
            "leaver_bound_seconds = \"2m\"\nlisten =",
            vec!["lanyard.toml:2:24", "invalid type: string"],
        ),
        (
            "listen =",
            "lissten =",
            vec!["lanyard.toml:2:1", "unknown field `lissten`: did you mean \"listen\"? Expected one of"],
        ),
        (
            "listen =",
            "ca_file = \"empty\"\nlisten =",
            vec!["lanyard.toml:2:11", "no usable certificate", "-----BEGIN CERTIFICATE-----"],
        ),
        ("\"token\"", "\"empty\"", vec!["lanyard.toml:7:19", "this file is empty; it should hold a secret"]),
        (
            "okta_token_file = \"token\"\n",
            "okta_token_file = \"token\"\nhook_secret_file = \"empty\"\n",
            vec!["lanyard.toml:8:20", "this file is empty"],
        ),
        ("\"password\"", "\"empty\"", vec!["lanyard.toml:13:25", "this file is empty"]),
        (
            "[[site]]",
            "[secrets]\nslack_it = \"empty\"\n\n[[site]]",
            vec!["lanyard.toml:10:12", "this file is empty"],
        ),
        (
            "[[site]]",
            "[approvals]\nemial = [\"boss@northgate.example\"]\n\n[[site]]",
            vec!["lanyard.toml:10:1", "unknown field `emial`: did you mean \"email\"?"],
        ),
        (
            "ioffice_password_file = \"password\"\n",
            "ioffice_password_file = \"password\"\n\n[site.doors]\nwebhook = \"https://doors.example.com/in\"\nkey = \"nope\"\n",
            vec!["lanyard.toml:17:7", "there is no secret nope; name a file for it under [secrets]"],
        ),
        ("127.0.0.1:8480", "here", vec!["lanyard.toml:2:10", "write it like 127.0.0.1:8480"]),
        ("id = \"main\"", "id = \"Main Org\"", vec!["lanyard.toml:5:6", "a-z, 0-9 and hyphen"]),
        ("https://northgate.okta.com", "http://northgate.okta.com", vec!["lanyard.toml:6:12", "https"]),
        ("okta_token_file = \"token\"\n", "", vec!["lanyard.toml:4:1", "no credential", "okta_client_id"]),
        ("\"token\"", "\"tokken\"", vec!["lanyard.toml:7:19", "cannot read this file", "relative"]),
        ("ioffice_user = \"sync\"\n", "", vec!["lanyard.toml:9:1", "needs both ioffice_user and"]),
        (
            "ioffice_user = \"sync\"\nioffice_password_file = \"password\"\n",
            "ioffice_client_id = \"lanyard\"\n",
            vec!["lanyard.toml:9:1", "OAuth needs ioffice_client_id, ioffice_redirect_uri"],
        ),
        (
            "ioffice_user = \"sync\"\n",
            "ioffice_user = \"sync\"\nioffice_client_id = \"lanyard\"\n",
            vec!["lanyard.toml:12:16", "both a local account and OAuth"],
        ),
        (
            "https://northgate.iofficeconnect.com",
            "http://northgate.iofficeconnect.com",
            vec!["lanyard.toml:11:15", "https"],
        ),
        ("[[site]]", "[[tenant]]", vec!["lanyard.toml:1", "unknown field `ioffice_"]),
        ("id = \"hq\"", "id = 7", vec!["lanyard.toml:10:6", "string"]),
        ("[[site]]", "[[site", vec!["lanyard.toml:9:"]),
        (
            "[[site]]",
            "[[tenant]]\nid = \"main\"\nokta_url = \"https://b.okta.com\"\nokta_token_file = \"token\"\n\n[[site]]",
            vec!["lanyard.toml:10:6", "used twice"],
        ),
        (
            "[[site]]",
            "[mail]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\ntls = \"sometimes\"\n\n[[site]]",
            vec!["lanyard.toml:13:7", "starttls, tls or none"],
        ),
    ] {
        let broken = SETTINGS.replacen(from, to, 1);
        assert_ne!(broken, SETTINGS, "{from}");
        let folder = folder(&broken, POLICY);
        for verb in ["check", "serve", "plan", "doctor"] {
            let said = folder.verb(&[verb]).await;
            assert_eq!(said.code, 2, "{verb} with {to}: {said:?}");
            names(&said, &parts);
        }
        assert!(!folder.path("store").exists(), "nothing was started: {to}");
    }
    let empty = Folder::new();
    let said = empty.verb(&["serve"]).await.ends(2);
    names(&said, &["cannot read", "lanyard.toml", "lanyard init"]);
}

#[tokio::test]
async fn a_policy_with_mistakes_names_every_one() {
    for (from, to, parts) in [
        ("format = 1", "format = 9", vec!["policy.toml:1:10"]),
        ("[profile]", "[profiel]", vec!["policy.toml:14:"]),
        ("site = \"hq\"", "site = \"hq\"\ncolour = 1", vec!["policy.toml:7:1", "colour"]),
        ("email = \"email\"", "email = ", vec!["policy.toml:15:"]),
    ] {
        let broken = POLICY.replacen(from, to, 1);
        let folder = folder(SETTINGS, &broken);
        for verb in ["check", "serve", "plan"] {
            let said = folder.verb(&[verb]).await.ends(2);
            names(&said, &parts);
        }
        let listed = folder.verb(&["check", "--json"]).await.ends(2).json();
        let first = &listed["problems"][0];
        assert_eq!(listed["ok"], false);
        assert!(first["line"].is_u64() && first["column"].is_u64() && first["file"].is_string(), "{listed}");
        assert!(!folder.path("store").exists(), "nothing was started: {to}");
    }
    // It can be read, and two rules of it tie.
    let flow =
        |id: &str, place: &str| format!("[[flow]]\nid = \"{id}\"\nthen = [{{ place = \"{place}\" }}]\n");
    let tied = folder(SETTINGS, &format!("{POLICY}\n{}{}", flow("a", "remote"), flow("b", "remote")));
    for verb in ["check", "serve"] {
        names(&tied.verb(&[verb]).await.ends(2), &["\"a\" and \"b\" both name a place with priority 0"]);
    }
    let listed = tied.verb(&["check", "--json"]).await.ends(2).json();
    assert_eq!((&listed["ok"], &listed["problems"][0]["severity"]), (&false.into(), &"error".into()));
    let sound = folder(SETTINGS, POLICY).verb(&["check", "--json"]).await.ends(0).json();
    assert_eq!(sound["not_checked"].as_array().map(Vec::len), Some(3), "nobody was asked: {sound}");
    let table =
        folder(SETTINGS, &fs::read_to_string(shipped().join("policy.toml")).expect("the shipped policy"));
    let said = table.verb(&["check"]).await.ends(2);
    names(&said, &["policy.toml:"]);
}

#[tokio::test]
async fn a_policy_that_tells_somebody_by_a_way_that_is_not_there_is_refused() {
    let policy = format!(
        "{POLICY}\n[notify.it]\nslack_secret = \"slack_it\"\n\n[notify.desk]\nemail = [\"desk@northgate.example\"]\n"
    );
    let nowhere = folder(SETTINGS, &policy);
    let (slack, mail) =
        ("\"it\" tells Slack, and the settings have no secret \"slack_it\"", "the settings have no [mail]");
    for verb in [&["check"][..], &["serve"], &["policy", "lint"]] {
        let said = nowhere.verb(verb).await.ends(2);
        let all = format!("{}{}", said.out, said.err);
        for part in ["policy.toml:18:16", slack, "policy.toml:21:10", mail, "[secrets] in lanyard.toml"] {
            assert!(all.contains(part), "{verb:?}: no {part:?} in:\n{all}");
        }
    }
    assert!(!nowhere.path("store").exists(), "nothing was started");
    let ways = "[mail]\nhost = \"mail.northgate.example\"\nport = 587\nfrom = \"lanyard@northgate.example\"\n\n\
                [secrets]\nslack_it = \"token\"\n";
    folder(&format!("{SETTINGS}\n{ways}"), &policy).verb(&["check"]).await.ends(0);
}

#[tokio::test]
async fn a_folder_is_named_by_its_place_or_by_a_flag_and_not_by_both() {
    let folder = folder(SETTINGS, POLICY);
    let (data, policy) = (folder.data(), folder.path("policy").display().to_string());
    for verb in
        [&["check", &*data][..], &["policy", "lint", &*policy], &["policy", "fmt", "--check", &*policy]]
    {
        let said = lanyard(verb).await;
        assert!([0, 3].contains(&said.code), "{verb:?}: {said:?}");
    }
    for (verb, flag) in [
        (&["check", &*data, "--data", &*data][..], "--data <DIR>"),
        (&["serve", &*data, "--data", &*data][..], "--data <DIR>"),
        (&["init", &*data, "--data", &*data, "--yes"][..], "--data <DIR>"),
        (&["policy", "lint", &*policy, "--folder", &*policy][..], "--folder <DIR>"),
        (&["policy", "fmt", &*policy, "--folder", &*policy][..], "--folder <DIR>"),
    ] {
        let said = lanyard(verb).await.ends(2);
        names(&said, &["cannot be used with", flag]);
    }
    let said = lanyard(&["init", "--data", &data, "--yes"]).await.ends(2);
    names(&said, &["holds a lanyard.toml already"]);
    let said = lanyard(&["init", "--yes"]).await.ends(2);
    names(&said, &["required arguments were not provided"]);
}

#[tokio::test]
async fn what_somebody_keeps_in_a_folder_is_not_written_over() {
    let folder = folder(SETTINGS, POLICY);
    let data = folder.data();
    let kept = || (fs::read_to_string(folder.path("lanyard.toml")).ok(), folder.read("policy/policy.toml"));
    let before = kept();
    let said = lanyard(&["demo", "--once", "--people", "10", "--data", &data]).await.ends(2);
    names(&said, &["was not written by a demo", "nothing in", "was changed", "hint: name a folder"]);
    assert_eq!(kept(), before);
    assert!(!folder.path("store").exists() && !folder.path("secrets").exists(), "nothing was begun");

    fs::remove_file(folder.path("lanyard.toml")).expect("a file");
    let before = kept();
    let said = lanyard(&["demo", "--once", "--people", "10", "--data", &data]).await.ends(2);
    names(&said, &["holds no lanyard.toml, and a folder policy all the same"]);
    let said = lanyard(&["init", &data, "--yes", "--okta", "https://northgate.okta.com"]).await.ends(2);
    names(&said, &["holds a policy already", "nothing was changed", "hint: put lanyard.toml back"]);
    assert_eq!(kept(), before);
}

#[tokio::test]
async fn faults_with_mistakes_start_nothing() {
    let folder = Folder::new();
    fs::create_dir_all(folder.data()).expect("a folder");
    let file = folder.path("faults.toml").display().to_string();
    for (text, parts) in [
        (
            "[[fault]]\ntarget = \"okta\"\neffect = \"explode\"\n",
            ["faults.toml:3:10", "unknown variant `explode`"],
        ),
        (
            "[[fault]]\ntarget = \"okta\"\neffect = \"delay\"\nby = \"soon\"\n",
            ["faults.toml:4:6", "write 500ms"],
        ),
        ("sed = 1\n", ["faults.toml:1:1", "unknown field `sed`"]),
        (
            "[[fault]]\ntarget = \"okta\"\neffect = \"cut\"\nindex = 1\n",
            ["faults.toml:4:9", "there is no okta/1; fix: write an index below 1"],
        ),
        ("[[fault]]\ntarget = \"badge\"\neffect = \"cut\"\n", ["faults.toml:2:10", "serve one with --badge"]),
    ] {
        fs::write(&file, text).expect("a file");
        let said = lanyard(&["sim", "--json", "--people", "5", "--faults", &file]).await.ends(2);
        names(&said, &parts);
        let keys: Vec<_> = said.json().as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["error"], "nothing was announced");
    }
    let said = lanyard(&["sim", "--faults", "/nowhere/faults.toml"]).await.ends(2);
    names(&said, &["cannot read /nowhere/faults.toml"]);
    lanyard(&["sim", "--okta", "0.0.0.0:1"]).await.ends(2);
    let said = lanyard(&["sim", "--replay", "/nowhere/tape", "--dpop"]).await.ends(2);
    names(&said, &["cannot be used with"]);
    let said = lanyard(&["sim", "--replay", "/nowhere/tape"]).await.ends(2);
    names(&said, &["cannot replay: /nowhere/tape"]);
    let said = lanyard(&["sim", "--console", "signin"]).await.ends(2);
    names(&said, &["signin is not an address like http://"]);
    fs::write(&file, "[okta]\nempty_last_page = true\nindex_lag = 5\n").expect("a file");
    let said = lanyard(&["sim", "--settings", &file]).await.ends(2);
    names(
        &said,
        &["faults.toml: Okta setting `index_lag`", "expected a table such as { low_ms = 0, high_ms = 2000 }"],
    );
    let said = lanyard(&["init", "/tmp/x", "--yes"]).await.ends(2);
    names(&said, &["--okta is missing"]);
}

#[tokio::test]
async fn stand_ins_that_cannot_be_there_start_nothing() {
    let folder = Folder::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = listener.local_addr().expect("an address").to_string();
    let nowhere = folder.path("missing/tape").display().to_string();
    for (arguments, parts) in [
        (vec!["--okta", &taken], vec![&*taken, "name another port"]),
        (vec!["--ioffice", &taken], vec![&*taken, "name another port"]),
        (vec!["--badge", &taken], vec![&*taken, "name another port"]),
        (vec!["--okta", "127.0.0.1:65535", "--orgs", "2"], vec!["127.0.0.1:65535", "no port is left"]),
        (vec!["--record", &nowhere], vec![&*nowhere, "make the folder first"]),
    ] {
        let arguments = [vec!["sim", "--json", "--people", "5"], arguments].concat();
        let said = lanyard(&arguments).await.ends(2);
        names(&said, &parts);
        let keys: Vec<_> = said.json().as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["error"], "nothing was announced: {arguments:?}");
    }
}

#[tokio::test]
async fn an_export_with_mistakes_becomes_no_world() {
    let folder = Folder::new();
    fs::create_dir_all(folder.data()).expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        fs::write(folder.path(name), bytes).expect("a file");
        folder.path(name).display().to_string()
    };
    let key = file("key", b"\xff\xfe a key of some bytes \x80");
    let groups = file("groups.csv", b"group,login\nA,ann@x.test\nA,nobody@x.test\n");
    let out = folder.path("world").display().to_string();
    let import = async |people: &str, key: &str| {
        lanyard(&[
            "sim",
            "import",
            "--json",
            "--people",
            people,
            "--groups",
            &groups,
            "--key-file",
            key,
            "--out",
            &out,
        ])
        .await
    };
    let people = file("people.csv", b"login;status\n\nann@x.test;gone\n");
    let said = import(&people, &key).await.ends(2);
    names(&said, &["people.csv, line 3: gone is no status of Okta's"]);
    let people = file("people.csv", b"login;status\nann@x.test;active\n");
    let said = import(&people, &file("short", b"short\n")).await.ends(2);
    names(&said, &["the key has 5 bytes; give it at least 16"]);
    assert!(!folder.path("world").exists(), "nothing was written");
    let told = import(&people, &key).await.ends(0).json();
    let counts = ["people", "memberships", "memberships_of_nobody", "places"].map(|name| told[name].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(1), Some(0)], "{told}");
}
