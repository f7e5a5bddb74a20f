//! The OpenAPI document as checked in.

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");

#[test]
fn the_checked_in_document_is_the_one_the_routes_make() {
    let made = lanyard_web::openapi::text();
    if std::env::var_os("LANYARD_WRITE_OPENAPI").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        kept == made,
        "docs/reference/openapi.json is old: run this test once with LANYARD_WRITE_OPENAPI=1"
    );
}

#[test]
fn every_reference_has_its_schema_and_every_schema_its_use() {
    let document = lanyard_web::openapi::document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "nobody uses the schema {name}");
    }
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "there is no schema {name}");
    }
}
