"""Holds recorded exchanges against the vendor's description, with a validator that shares nothing with ours.

    python shapes.py okta-openapi.json TAPE.jsonl...

A tape is what `lanyard sim --record` writes. Prints a line for each tape; ends with 1 if an answer is not as described.
"""

import json
import sys
from collections import Counter
from urllib.parse import urlsplit

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

DOCUMENT = json.load(open(sys.argv[1], encoding="utf-8"))
REGISTRY = Registry().with_resource("urn:okta", Resource(contents=DOCUMENT, specification=DRAFT4))
METHODS = ("get", "post", "put", "patch", "delete", "options")
TOLD_MAX = 20
# What the text of the contract gives to many operations and the document to few: with the vendor's error body.
OF_THE_TEXT = {400, 401, 403, 404, 405, 409, 412, 429, 500, 501, 503}
# The document's list of token types knows no DPoP; the vendor's guide and its SDKs do.
BESIDE = "$.token_type: 'DPoP' is not one of"
# The sign-in leads browsers about and shows them pages, of which the document says nothing.
PAGES = {"/oauth2/v1/authorize", "/oauth2/v1/logout"}


def pattern(path):
    """The described path that a path belongs to; one with fewer holes outranks one with more."""
    parts = path.split("/")
    fitting = []
    for known in DOCUMENT["paths"]:
        ours = known.split("/")
        if len(ours) == len(parts) and all(a == b or (a.startswith("{") and b) for a, b in zip(ours, parts)):
            fitting.append((sum(part.startswith("{") for part in ours), known))
    return min(fitting)[1] if fitting else None


def pointer(*parts):
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def validator(reference):
    return OAS30ReadValidator({"$ref": f"urn:okta#/{reference}"}, registry=REGISTRY, format_checker=oas30_format_checker)


def complaints(row):
    """What about one exchange is not as described, and the operation that it was."""
    path, method, status = urlsplit(row["path"]).path, row["method"].lower(), row["status"]
    known = pattern(path)
    operation = DOCUMENT["paths"].get(known, {}).get(method) if method in METHODS else None
    name = f"{row['method']} {known or path} {status}"
    text = row["response"].get("body") or ""
    if path in PAGES and status < 400:
        return name, []
    described = (operation or {}).get("responses", {}).get(str(status))
    if described is None:
        if status < 400:
            return name, [] if known is None else ["this status is not described"]
        if status in (411, 413) or (not text and (method == "head" or path == "/oauth2/v1/userinfo")):
            return name, []
        if status not in OF_THE_TEXT:
            return name, ["this status is nobody's"]
        body = json.loads(text)
        kind = "OAuthError" if path.startswith("/oauth2/") and "error" in body else "Error"
        needed = {"OAuthError": {"error", "error_description"}, "Error": {"errorCode", "errorSummary", "errorId"}}[kind]
        missing = [f"no {field}" for field in sorted(needed - body.keys())]
        return name, missing + tell(validator(pointer("components", "schemas", kind)), body)
    at = ("paths", known, method, "responses", str(status))
    if "$ref" in described:
        at = tuple(described["$ref"].removeprefix("#/").split("/"))
        described = DOCUMENT["components"]["responses"][at[-1]]
    headers = {key.lower(): value for key, value in row["response"].get("headers", [])}
    lost = [f"header {key} is missing" for key in described.get("headers", {}) if key.lower() not in headers]
    for kind in described.get("content", {}):
        if not headers.get("content-type", "").startswith(kind):
            return name, [*lost, f"content type {headers.get('content-type')}"]
        return name, lost + tell(validator(pointer(*at, "content", kind, "schema")), json.loads(text))
    return name, lost + ([] if text in ("", "{}") else [f"a body where none is described: {text[:80]}"])


def tell(judge, body):
    found = [f"{error.json_path}: {error.message[:160]}" for error in judge.iter_errors(body)]
    return [complaint for complaint in found if not complaint.startswith(BESIDE)]


def main():
    failed = 0
    for tape in sys.argv[2:]:
        seen, wrong = Counter(), Counter()
        for line in open(tape, encoding="utf-8"):
            row = json.loads(line)
            if not row["face"].startswith("okta") or row.get("ending", "whole") != "whole":
                continue
            name, found = complaints(row)
            seen[name] += 1
            wrong.update(f"{name}: {complaint}" for complaint in found)
        operations = {name.rsplit(" ", 1)[0] for name in seen}
        if wrong or not seen:
            failed = 1
            print(f"FAIL shapes: {tape.rsplit('/', 1)[-1]}: {sum(seen.values())} exchanges")
            for complaint, times in wrong.most_common(TOLD_MAX):
                print(f"     {times} x {complaint}")
        else:
            print(f"ok shapes: {tape.rsplit('/', 1)[-1]}: {sum(seen.values())} exchanges of {len(operations)} operations are as described")
    return failed


sys.exit(main())
