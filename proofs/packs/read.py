"""An evidence pack, opened by programs that share nothing with the one that made it.

    read.py PACK.zip --lanyard PROGRAM [--expect TABLE] [--absent TEXT] [--formula TEXT]

pdftotext and its companions open the report, openpyxl the workbook, the csv module the tables; jsonschema holds every
row against the schema beside it; hashlib and an Ed25519 of another make check signatures and Merkle proofs; NIST's and
OCSF's published schemas judge what other tools shall read. Prints `ok …` or `FAIL …` per check and a closing line.
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import jsonschema
import openpyxl
import pypdf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from trestle.oscal import assessment_results

FORMULA = tuple("=+-@\t\r\n") + ("＝", "＋", "－", "＠")


class Pack:
    def __init__(self, path):
        self.path = path
        self.zip = zipfile.ZipFile(path)
        self.names = self.zip.namelist()
        self.manifest = json.loads(self.read("manifest.json"))

    def read(self, name):
        return self.zip.read(name)

    def text(self, name):
        return self.read(name).decode("utf-8")

    def tables(self):
        return sorted(name[5:-6] for name in self.names if name.startswith("data/") and name.endswith(".jsonl"))

    def rows(self, table):
        return [json.loads(line) for line in self.text(f"data/{table}.jsonl").splitlines()]

    def schema(self, table):
        return json.loads(self.read(f"schemas/{table}.schema.json"))


def member_by_member(pack, _):
    assert pack.zip.testzip() is None
    assert len(pack.names) == len(set(pack.names)), "a name twice"
    files = {file["name"]: file for file in pack.manifest["files"]}
    assert set(files) == set(pack.names) - {"manifest.json", "manifest.note"}, "the manifest names every member"
    for name, file in files.items():
        content = pack.read(name)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"]), name
        if "rows" in file and not name.endswith(".csv"):
            assert content.count(b"\n") == file["rows"], name


def shown(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def harmless(value):
    """As a spreadsheet shows it: an apostrophe before what would begin a formula."""
    begins = value.lstrip(" \u00a0\ufeff")
    return f"'{value}" if begins.startswith(FORMULA) else value


def tables_three_times(pack, _):
    total = 0
    for table in pack.tables():
        rows = pack.rows(table)
        read = list(csv.reader(io.StringIO(pack.text(f"data/{table}.csv"), newline="")))
        names = pack.schema(table)["required"]
        assert read[0] == names, table
        assert len(read) - 1 == len(rows), table
        for row, cells in zip(rows, read[1:]):
            assert list(row) == names, (table, row)
            for name, cell in zip(names, cells):
                value = row[name]
                wanted = harmless(value) if isinstance(value, str) and "format" not in pack.schema(table)["properties"][name] else shown(value)
                assert cell == wanted, (table, name, cell, wanted)
                if not isinstance(value, int):
                    assert not cell.startswith(FORMULA), (table, name, cell)
            total += 1
    assert total > 100, total


def rows_fit_their_schemas(pack, _):
    checker = jsonschema.FormatChecker()
    for table in pack.tables():
        schema = pack.schema(table)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
        for number, row in enumerate(pack.rows(table), 1):
            for error in validator.iter_errors(row):
                raise AssertionError(f"{table} line {number}: {error.message}")
        wrong = {name: {} for name in schema["required"]}
        assert not validator.is_valid(wrong) and not validator.is_valid({}), f"{table}: a schema that refuses nothing"


def workbook(pack, _):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = openpyxl.load_workbook(io.BytesIO(pack.read("report.xlsx")))
    assert set(book.sheetnames) == {"cover", *pack.tables()}, book.sheetnames
    cells = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None, (sheet.title, cell.coordinate, cell.value)
                cells += 1
    assert cells > 1000, cells
    for table in pack.tables():
        names = pack.schema(table)["required"]
        sheet = book[table]
        assert [cell.value for cell in sheet[1]] == names, table
        for number, row in enumerate(pack.rows(table)[:500], 2):
            for column, name in enumerate(names, 1):
                value, cell = row[name], sheet.cell(number, column).value
                if isinstance(value, str) and "format" in pack.schema(table)["properties"][name]:
                    # A moment is a date cell, to the millisecond.
                    assert cell.isoformat(timespec="seconds") == value[:19], (table, name, cell, value)
                elif isinstance(value, bool):
                    assert cell is value, (table, name, cell)
                elif isinstance(value, str) and len(value) > 32_767:
                    assert value.startswith(cell), (table, name)
                else:
                    assert ("" if cell is None else cell) == ("" if value is None else value), (table, name, cell, value)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def report(pack, _):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.pdf")
        file.write_bytes(pack.read("report.pdf"))
        text = run("pdftotext", "-layout", str(file), "-")
        info = dict(line.split(":", 1) for line in run("pdfinfo", str(file)).splitlines() if ":" in line)
        fonts = run("pdffonts", str(file)).splitlines()[2:]
    flat = re.sub(r"\s+", " ", text)
    terms, totals = pack.manifest["terms"], pack.manifest["summary"]["totals"]
    for said in [
        terms["tenant"], terms["seed"], terms["program"],
        f"{totals['opening']} opening + {totals['joined']} joined + {totals['returned']} returned",
        "CC6.3", "A.5.18", "PS-4", "Control by control", "Tested", "Result", "What is not covered",
    ]:
        assert said in flat, f"the report does not say {said}"
    for table in ["leavers", "joiners", "movers"]:
        for row in pack.rows(table)[:40]:
            assert row["person"] in flat.replace(" ", "") or row["person"] in flat, f"{table}: {row['person']} is not in the report"
    assert info["Encrypted"].strip() == "no" and int(info["Pages"]) >= 3, info
    assert fonts and all(re.search(r"\byes yes yes\b", line) for line in fonts), fonts


def dossiers(pack, _):
    """Every sample is told of in the document, from Okta's event to the proof."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "dossiers.pdf")
        file.write_bytes(pack.read("dossiers.pdf"))
        text = run("pdftotext", "-layout", str(file), "-")
    flat = re.sub(r"\s+", "", text)
    samples = pack.rows("samples")
    assert samples
    for row in samples:
        assert row["person"] in flat and row["dossier"] in flat, row
    for said in ["What happened", "What was decided, by which rule", "What was sent", "What the account held", "Proof"]:
        assert said in re.sub(r"\s+", " ", text), said


FORBIDDEN_KEYS = {"/AA", "/JS", "/JavaScript", "/OpenAction", "/AcroForm", "/XFA", "/EmbeddedFiles", "/Encrypt"}
FORBIDDEN_ACTIONS = {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition", "/Trans", "/JavaScript"}


def icc_problems(intent):
    """The profile that colours are meant by: whole, of a kind that the standard admits, with as many channels as it says."""
    stream = intent["/DestOutputProfile"].get_object()
    profile = stream.get_data()
    if len(profile) < 128 or profile[36:40] != b"acsp" or int.from_bytes(profile[:4], "big") != len(profile):
        return ["the output intent's ICC profile is none, or cut"]
    told = []
    if profile[8] > 4:
        told.append(f"an ICC profile of version {profile[8]}")
    if profile[12:16] not in (b"mntr", b"prtr"):
        told.append(f"an ICC profile of class {profile[12:16]}")
    channels = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile[16:20])
    if channels != stream["/N"]:
        told.append(f"/N is {stream['/N']}, the profile has {channels} channels")
    return told


def font_problems(font):
    descendants = font.get("/DescendantFonts")
    descriptor = (descendants[0].get_object() if descendants else font).get("/FontDescriptor")
    program = [name for name in ("/FontFile", "/FontFile2", "/FontFile3") if descriptor and name in descriptor.get_object()]
    if not program or len(descriptor.get_object()[program[0]].get_object().get_data()) < 100:
        return [f"{font.get('/BaseFont')} is not embedded"]
    return []


def archival_problems(content):
    """What PDF/A-2b (ISO 19005-2) asks of a file's structure, and this one does not hold."""
    told = []
    if not re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", content):
        told.append("its header is not followed by a comment of bytes beyond ASCII")
    pdf = pypdf.PdfReader(io.BytesIO(content))
    if pdf.is_encrypted or "/Encrypt" in pdf.trailer:
        return [*told, "it is encrypted"]
    if len(pdf.trailer.get("/ID", [])) != 2:
        told.append("its trailer has no /ID")
    root = pdf.trailer["/Root"]
    meta = root["/Metadata"].get_object() if "/Metadata" in root else None
    xmp = "" if meta is None else meta.get_data().decode("utf-8")
    if meta is None or "/Filter" in meta:
        told.append("its XMP is missing, or packed")
    for name, value in [("part", "2"), ("conformance", "B")]:
        if not re.search(rf"pdfaid:{name}(>|=\"){value}[<\"]", xmp):
            told.append(f"its XMP does not say pdfaid:{name} {value}")
    info = pdf.trailer.get("/Info")
    title = info.get_object().get("/Title") if info else None
    if title is not None and str(title) not in xmp:
        told.append("its XMP has another title than its document information")
    intents = [intent.get_object() for intent in root.get("/OutputIntents", [])]
    archival = [intent for intent in intents if intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent]
    if len(archival) != 1:
        told.append(f"it has {len(archival)} output intents of PDF/A with a profile")
    told += [problem for intent in archival for problem in icc_problems(intent)]
    fonts = 0
    for number in range(1, int(pdf.trailer["/Size"])):
        try:
            one = pdf.get_object(number)
        except pypdf.errors.PdfReadError:
            continue  # free
        if not isinstance(one, dict):
            continue
        told += [f"object {number} has {key}" for key in FORBIDDEN_KEYS & set(one)]
        if one.get("/S") in FORBIDDEN_ACTIONS:
            told.append(f"object {number} is an action {one['/S']}")
        if one.get("/Type") == "/Annot" and one.get("/Subtype") != "/Link":
            told.append(f"object {number} is an annotation {one.get('/Subtype')}")
        filters = one.get("/Filter", [])
        if "/LZWDecode" in (filters if isinstance(filters, list) else [filters]):
            told.append(f"object {number} is packed by LZW")
        if one.get("/Type") == "/Font" and one.get("/Subtype") not in ("/CIDFontType0", "/CIDFontType2"):
            fonts += 1
            told += font_problems(one)
            if "/ToUnicode" not in one:
                told.append(f"{one.get('/BaseFont')} cannot be read as text")
    if fonts == 0:
        told.append("it has no font at all")
    return told


def spoiled(content):
    """The same file with one thing that the standard forbids, or without one that it asks for."""

    def with_(change):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
        change(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    def unembed(writer):
        for number in range(1, len(writer._objects) + 1):
            one = writer.get_object(number)
            if isinstance(one, dict) and one.get("/Type") == "/FontDescriptor":
                for name in [name for name in one if name.startswith("/FontFile")]:
                    del one[name]

    def script(writer):
        name = pypdf.generic.NameObject
        action = pypdf.generic.DictionaryObject({name("/S"): name("/JavaScript"), name("/JS"): pypdf.generic.TextStringObject("app.alert(1)")})
        writer.root_object[name("/OpenAction")] = writer._add_object(action)

    def cut_profile(writer):
        intent = writer.root_object["/OutputIntents"][0].get_object()
        stream = pypdf.generic.StreamObject()
        stream.set_data(b"no profile")
        stream[pypdf.generic.NameObject("/N")] = pypdf.generic.NumberObject(3)
        intent[pypdf.generic.NameObject("/DestOutputProfile")] = writer._add_object(stream)

    def other_part(writer):
        meta = writer.root_object["/Metadata"].get_object()
        meta.set_data(meta.get_data().replace(b"pdfaid:part>2<", b"pdfaid:part>9<"))

    yield "it is encrypted", with_(lambda writer: writer.encrypt("secret"))
    yield "has /JS", with_(script)
    yield "is not embedded", with_(unembed)
    yield "0 output intents", with_(lambda writer: writer.root_object.pop("/OutputIntents"))
    yield "ICC profile is none", with_(cut_profile)
    yield "pdfaid:part 2", with_(other_part)
    yield "XMP is missing", with_(lambda writer: writer.root_object.pop("/Metadata"))


def archival(pack, _):
    """The marks and the structure of PDF/A-2b, read by pypdf and by Poppler; and each spoiled copy is refused. The file's
    maker refuses what the standard forbids while it writes (krilla's validator); veraPDF, which checks every clause, is in no
    package registry."""
    for name in ["report.pdf", "dossiers.pdf"]:
        content = pack.read(name)
        told = archival_problems(content)
        assert not told, f"{name}: {told}"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, name)
            file.write_bytes(content)
            info = dict(line.split(":", 1) for line in run("pdfinfo", str(file)).splitlines() if ":" in line)
            fonts = run("pdffonts", str(file)).splitlines()[2:]
        said = {key: info[key].strip() for key in ["Encrypted", "JavaScript", "Form", "Metadata Stream"]}
        assert said == {"Encrypted": "no", "JavaScript": "no", "Form": "none", "Metadata Stream": "yes"}, (name, said)
        # Embedded, a part of the font only, with its way back to text.
        assert fonts and all(re.search(r"\byes yes yes\b", line) for line in fonts), (name, fonts)
    for wanted, content in spoiled(pack.read("report.pdf")):
        told = archival_problems(content)
        assert any(wanted in problem for problem in told), f"a file that is spoiled by {wanted!r} passes: {told}"


def oscal(pack, _):
    document = json.loads(pack.read("oscal/assessment-results.json"))
    model = assessment_results.Model.parse_obj(document)
    assert str(model.assessment_results.metadata.oscal_version.__root__) == "1.1.2"
    result = document["assessment-results"]["results"][0]
    for spoil in [lambda r: r.update(extra=1), lambda r: r.pop("reviewed-controls"), lambda r: r.update(uuid="x")]:
        wrong = json.loads(json.dumps(document))
        spoil(wrong["assessment-results"]["results"][0])
        try:
            assessment_results.Model.parse_obj(wrong)
        except ValueError:
            continue
        raise AssertionError("the schema refuses nothing")
    observed = {observation["uuid"] for observation in result["observations"]}
    for finding in result["findings"]:
        assert {one["observation-uuid"] for one in finding["related-observations"]} <= observed
        assert finding["target"]["status"]["state"] in ("satisfied", "not-satisfied")
    for observation in result["observations"]:
        for evidence in observation["relevant-evidence"]:
            assert evidence["href"].removeprefix("../") in pack.names, evidence


def ocsf(pack, _):
    schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
    known = {}
    lines = pack.text("ocsf/events.jsonl").splitlines()
    for line in lines:
        event = json.loads(line)
        uid = event["class_uid"]
        if uid not in known:
            known[uid] = jsonschema.Draft202012Validator(schemas.get_class_schema(schemas.lookup_class_name_from_uid(uid)))
        for error in known[uid].iter_errors(event):
            raise AssertionError(f"class {uid}, {'/'.join(map(str, error.path))}: {error.message}")
        assert event["type_uid"] == uid * 100 + event["activity_id"]
    event = json.loads(lines[0])
    for spoil in [lambda e: e.pop("severity_id"), lambda e: e.update(invented=1), lambda e: e.update(time="today")]:
        wrong = dict(event)
        spoil(wrong)
        assert not known[event["class_uid"]].is_valid(wrong), "the schema refuses nothing"
    assert {3001, 3005, 2003, 5003, 6003} <= set(known), set(known)


def verified_note(note, verifier):
    """The text of a signed note (C2SP), if the verifier's key signed it."""
    name, hash_, key = verifier.split("+", 2)
    key = base64.b64decode(key)
    assert key[0] in (1, 4), key[0]
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, who, signature = line.split(" ", 2)
        raw = base64.b64decode(signature)
        if dash == "—" and who == name and raw[:4].hex() == hash_:
            return text, raw[4:], key
    raise AssertionError("no signature by that key")


def signed_text(note, verifier):
    text, signature, key = verified_note(note, verifier)
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, text.encode())
    return text


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_from(leaf, index, size, path):
    """RFC 9162, 2.1.3.2."""
    number, last, node = index, size - 1, leaf
    for step in path:
        assert last > 0
        if number & 1 or number == last:
            node = sha(b"\x01", step, node)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            node = sha(b"\x01", node, step)
        number >>= 1
        last >>= 1
    assert last == 0
    return node


def consistent(old, old_root, new, new_root, path):
    """RFC 9162, 2.1.4.2."""
    if old in (0, new):
        return not path and (old == 0 or old_root == new_root)
    if old & (old - 1) == 0:
        path = [old_root, *path]
    number, last = old - 1, new - 1
    while number & 1:
        number >>= 1
        last >>= 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = sha(b"\x01", step, first), sha(b"\x01", step, second)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            second = sha(b"\x01", second, step)
        number >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


def checkpoint(text):
    lines = text.splitlines()
    return lines[0], int(lines[1]), base64.b64decode(lines[2])


def signatures_and_proofs(pack, _):
    verifier = pack.manifest["key"]
    signed = signed_text(pack.text("manifest.note"), verifier)
    assert hashlib.sha256(pack.read("manifest.json")).hexdigest() in signed, "the note signs another manifest"
    try:
        signed_text(pack.text("manifest.note").replace("lanyard evidence pack", "lanyard evidence pact"), verifier)
        raise AssertionError("a changed note still holds")
    except InvalidSignature:
        pass
    origin, size, root = checkpoint(signed_text(pack.manifest["terms"]["checkpoint"], verifier))
    assert origin == pack.manifest["terms"]["origin"]
    proven = 0
    for name in pack.names:
        if not name.startswith("dossiers/"):
            continue
        for line in json.loads(pack.read(name))["lines"]:
            leaf = bytes.fromhex(line["leaf"])
            if line["text"]:
                assert sha(b"\x00", line["text"].encode()) == leaf, (name, line["position"])
            path = [bytes.fromhex(step) for step in line["path"]]
            assert root_from(leaf, line["position"], size, path) == root, (name, line["position"])
            proven += 1
    assert proven > 10, proven
    heads = [checkpoint(signed_text(row["note"], verifier)) for row in pack.rows("checkpoints")]
    heads.append((origin, size, root))
    assert len(heads) > 1, "no earlier checkpoint"
    hours = [row["at"][:13] for row in pack.rows("checkpoints")]
    assert len(set(hours)) >= 10, f"not one for every hour of the day: {hours}"
    proofs = {(proof["old"], proof["new"]): proof["path"] for proof in json.loads(pack.read("integrity/consistency.json"))}
    for (_, old, old_root), (_, new, new_root) in zip(heads, heads[1:]):
        path = [bytes.fromhex(step) for step in proofs.get((old, new), [])]
        assert consistent(old, old_root, new, new_root, path), (old, new)
        assert old in (0, new) or not consistent(old, new_root, new, old_root, path), "anything is consistent"


def samples_again(pack, _):
    """Who is in a sample follows from the seed and the population."""
    terms = pack.manifest["terms"]
    # Where an attribute's values take turns, a person's turn is how many of the same value rank before them.
    values = json.loads(pack.read("integrity/sample_by.json"))["values"] if terms.get("sample_by") else {}
    drawn = {}
    for row in pack.rows("samples"):
        drawn.setdefault(row["population"], []).append(row["person"])
    for population in ["leavers", "joiners", "movers"]:
        ids = {row["person"] for row in pack.rows(population)}
        everybody = len(pack.rows(population))
        size = terms["sample"] or (everybody if everybody <= 25 else 25 if everybody <= 250 else 40 if everybody <= 2000 else 60)
        ranked = sorted(ids, key=lambda one: (hashlib.sha256(f"{terms['seed']}\n{one}".encode()).digest(), one))
        met = {}
        turn = {}
        for one in ranked:
            value = values[one] if values else ""
            turn[one] = met[value] = met.get(value, -1) + 1
        if values:
            ranked.sort(key=turn.get)
        assert drawn.get(population, []) == ranked[:size], population


def every_changed_byte(pack, lanyard):
    """One byte of every member, of its header, and of the directory: found each time, and named."""
    whole = Path(pack.path).read_bytes()
    places = {}
    for info in pack.zip.infolist():
        places[f"header of {info.filename}"] = (info.header_offset + 6, None)
        begin = info.header_offset + 30 + len(info.filename.encode())
        if info.compress_size:
            places[info.filename] = (begin + info.compress_size // 2, info.filename)
    places["directory"] = (pack.zip.start_dir + 12, None)
    places["last byte"] = (len(whole) - 1, None)
    with tempfile.TemporaryDirectory() as folder:
        for what, (place, member) in places.items():
            changed = bytearray(whole)
            changed[place] ^= 0x20
            file = Path(folder, "changed.zip")
            file.write_bytes(changed)
            said = subprocess.run([lanyard, "verify", str(file)], capture_output=True, text=True)
            assert said.returncode == 1, f"{what}: exit {said.returncode}, {said.stderr}"
            if member and member not in ("manifest.json", "manifest.note"):
                assert member in said.stderr, f"{what}: {said.stderr}"
    good = subprocess.run([lanyard, "verify", pack.path, "--key", pack.manifest["key"]], capture_output=True, text=True)
    assert good.returncode == 0, good.stderr


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("pack")
    ask.add_argument("--lanyard", required=True)
    ask.add_argument("--expect", action="append", default=[], help="TABLE: has at least one row")
    ask.add_argument("--absent", action="append", default=[], help="TEXT: stands in no member")
    ask.add_argument("--formula", action="append", default=[], help="TEXT: stands in the reviews, as a text and nothing else")
    asked = ask.parse_args()
    pack = Pack(asked.pack)
    failed = 0

    def there(pack, _):
        for table in asked.expect:
            assert pack.rows(table), f"{table} has no row, so nothing was shown of it"

    def formulas(pack, _):
        """What would be a formula is read back as the text that was written, by every reader."""
        sheet = openpyxl.load_workbook(io.BytesIO(pack.read("report.xlsx")))["reviews"]
        texts = {str(cell.value) for row in sheet.iter_rows() for cell in row}
        lines = list(csv.reader(io.StringIO(pack.text("data/reviews.csv"), newline="")))
        for text in asked.formula:
            assert any(text in row.values() for row in pack.rows("reviews")), text
            assert text in texts, text
            assert any(f"'{text}" in line for line in lines), text

    def not_there(pack, _):
        for text in asked.absent:
            for name in pack.names:
                content = pack.read(name)
                if name == "report.xlsx":
                    content = b"".join(zipfile.ZipFile(io.BytesIO(content)).read(part) for part in zipfile.ZipFile(io.BytesIO(content)).namelist())
                assert text.encode() not in content, f"{text} stands in {name}"

    checks = [
        ("the tables that were asked for have rows", there),
        ("words that try to be formulas are words", formulas),
        ("nothing of other tenants is in it", not_there),
        ("every member is what the manifest says", member_by_member),
        ("CSV says what JSON Lines say, and no cell begins a formula", tables_three_times),
        ("every row fits the schema beside it (jsonschema)", rows_fit_their_schemas),
        ("the workbook read by openpyxl: no formula, the same values", workbook),
        ("the report read by pdftotext, its fonts by pdffonts", report),
        ("the dossiers read by pdftotext: every sample, from the event to the proof", dossiers),
        ("report and dossiers have the marks and the structure of PDF/A-2b (pypdf, pdfinfo, pdffonts)", archival),
        ("OSCAL 1.1.2 by NIST's schema (compliance-trestle)", oscal),
        ("OCSF 1.8.0 by its published schema", ocsf),
        ("signatures, inclusion and consistency proofs, checked by hashlib and cryptography", signatures_and_proofs),
        ("the samples drawn again from the seed", samples_again),
        ("one changed byte in every member, header and the directory is found", every_changed_byte),
    ]
    for name, check in checks:
        try:
            check(pack, asked.lanyard)
            print(f"ok pack: {name}", flush=True)
        except Exception:  # every failure is told, and the next check runs
            failed += 1
            print(f"FAIL pack: {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
