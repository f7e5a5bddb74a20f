//! The table: every crate of the workspace and what it may use.

use std::fmt::Write as _;

/// One crate.
pub struct Room {
    pub name: &'static str,
    /// Crates of ours that its code may use.
    pub may_use: &'static [&'static str],
    /// Crates that may not be anywhere beneath its code.
    pub never_beneath: &'static [&'static [&'static str]],
    /// Not even its tests use a crate of ours.
    pub alone: bool,
}

const ASYNC: &[&str] = &["tokio", "async-std", "smol", "futures-executor"];
const HTTP: &[&str] = &["http", "hyper", "reqwest", "axum", "tower-http", "ureq", "url"];
const HTTP_SERVER: &[&str] = &["axum", "tower-http", "hyper"];
/// reqwest brings hyper's client half; a framework for servers would be something else.
const SERVER_FRAMEWORK: &[&str] = &["axum"];
const HTTP_CLIENT: &[&str] = &["reqwest", "hyper-rustls", "ureq"];
const SQL: &[&str] = &["rusqlite", "libsqlite3-sys", "sqlx", "tokio-postgres"];
const CHANCE: &[&str] = &["rand", "fastrand"];
const DOCUMENTS: &[&str] = &["krilla", "rust_xlsxwriter"];
const TLS: &[&str] = &["rustls", "aws-lc-rs", "jsonwebtoken"];

const fn room(
    name: &'static str,
    may_use: &'static [&'static str],
    never_beneath: &'static [&'static [&'static str]],
) -> Room {
    Room { name, may_use, never_beneath, alone: false }
}

pub const ROOMS: &[Room] = &[
    // Pure: no I/O, no async, no chance. Time arrives as an argument (clippy.toml keeps the clocks out).
    room("lanyard-model", &[], &[ASYNC, HTTP, SQL, CHANCE, TLS]),
    room("lanyard-policy", &["lanyard-model"], &[ASYNC, HTTP, SQL, CHANCE, TLS]),
    room("lanyard-plan", &["lanyard-model", "lanyard-policy"], &[ASYNC, HTTP, SQL, CHANCE, TLS]),
    room("lanyard-scim", &[], &[ASYNC, HTTP, SQL, CHANCE, TLS]),
    // Loops and ports: no SQL, no HTTP, no vendor.
    room("lanyard-engine", &["lanyard-model", "lanyard-policy", "lanyard-plan"], &[HTTP, SQL, TLS]),
    // One HTTP exchange as values: knows nothing of ours.
    room("lanyard-wire", &[], &[SQL, SERVER_FRAMEWORK]),
    // Adapters: one upstream each, never each other.
    room("lanyard-okta", &["lanyard-model", "lanyard-engine", "lanyard-wire"], &[SQL, SERVER_FRAMEWORK]),
    room("lanyard-ioffice", &["lanyard-model", "lanyard-engine", "lanyard-wire"], &[SQL, SERVER_FRAMEWORK]),
    room("lanyard-notify", &["lanyard-model", "lanyard-engine", "lanyard-wire"], &[SQL, SERVER_FRAMEWORK]),
    room("lanyard-doors", &["lanyard-model", "lanyard-engine", "lanyard-wire"], &[SQL, SERVER_FRAMEWORK]),
    // Trees, proofs and signatures: bytes in, bytes out. Verifiers need it without the store.
    room("lanyard-tlog", &[], &[ASYNC, HTTP, SQL, CHANCE]),
    // Evidence packs as bytes. Documents (PDF, XLSX) are written here and nowhere else.
    room("lanyard-evidence", &["lanyard-tlog"], &[ASYNC, HTTP, SQL, CHANCE]),
    room(
        "lanyard-store",
        &["lanyard-model", "lanyard-engine", "lanyard-tlog"],
        &[HTTP_SERVER, HTTP_CLIENT, DOCUMENTS],
    ),
    room(
        "lanyard-web",
        &[
            "lanyard-model",
            "lanyard-policy",
            "lanyard-plan",
            "lanyard-engine",
            "lanyard-scim",
            "lanyard-console-assets",
        ],
        &[SQL, HTTP_CLIENT],
    ),
    room("lanyard-console-assets", &[], &[ASYNC, HTTP, SQL, CHANCE, TLS]),
    // The stand-ins share nothing with us, so that a misunderstanding of ours cannot cancel out.
    Room { name: "lanyard-sim", may_use: &[], never_beneath: &[SQL], alone: true },
    room(
        "lanyard-simtest",
        &[
            "lanyard-model",
            "lanyard-policy",
            "lanyard-plan",
            "lanyard-engine",
            "lanyard-wire",
            "lanyard-okta",
            "lanyard-ioffice",
            "lanyard-notify",
            "lanyard-store",
            "lanyard-sim",
        ],
        &[],
    ),
    room(
        "lanyard",
        &[
            "lanyard-model",
            "lanyard-policy",
            "lanyard-plan",
            "lanyard-engine",
            "lanyard-wire",
            "lanyard-okta",
            "lanyard-ioffice",
            "lanyard-notify",
            "lanyard-doors",
            "lanyard-store",
            "lanyard-web",
            "lanyard-sim",
            "lanyard-tlog",
            "lanyard-evidence",
        ],
        &[],
    ),
    Room { name: "xtask", may_use: &[], never_beneath: &[ASYNC, HTTP, SQL], alone: true },
];

/// Dependencies with one home: the crates whose code may name them.
pub const OWNERS: &[(&str, &[&str])] = &[
    // Its interface changes with each version, and it needs guards: one module knows it.
    ("cel", &["lanyard-policy"]),
    ("reqwest", &["lanyard-wire", "lanyard-sim"]),
    ("rusqlite", &["lanyard-store"]),
    ("axum", &["lanyard-web", "lanyard-sim"]),
    ("hyper", &["lanyard-sim", "lanyard-web"]),
    ("tower-http", &["lanyard-web"]),
    ("lettre", &["lanyard-notify"]),
    ("rusty-s3", &["lanyard-notify"]),
    ("jsonwebtoken", &["lanyard-okta", "lanyard-sim"]),
    ("clap", &["lanyard", "lanyard-simtest"]),
    ("krilla", &["lanyard-evidence"]),
    ("rust_xlsxwriter", &["lanyard-evidence"]),
];

/// The table as people read it.
pub fn table() -> String {
    let mut out = String::from("crate -> crates of ours that it may use\n");
    for room in ROOMS {
        let uses = if room.may_use.is_empty() { "none".to_owned() } else { room.may_use.join(", ") };
        let _ = writeln!(out, "  {} -> {uses}", room.name);
        for set in room.never_beneath {
            let _ = writeln!(out, "      never beneath it: {}", set.join(", "));
        }
    }
    out.push_str("\ndependency -> the only crates whose code may name it\n");
    for (dependency, owners) in OWNERS {
        let _ = writeln!(out, "  {dependency} -> {}", owners.join(", "));
    }
    out
}
