"""Sessions of Okta's Python SDK against the stand-in.

Reads the stand-in's announcement on stdin; prints a line for each check and ends with 1 if one failed.
"""

import asyncio
import json
import logging
import sys
import time
import traceback
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from okta import models
from okta.client import Client

logging.disable(logging.CRITICAL)
ANNOUNCED = json.load(sys.stdin)
PLACE, CONTROL = ANNOUNCED["okta"], ANNOUNCED["control"]["url"]
SCOPES = [
    "okta.users.manage", "okta.groups.manage", "okta.logs.read", "okta.eventHooks.manage", "okta.apps.manage",
    "okta.schemas.read", "okta.userTypes.read", "okta.principalRateLimits.read",
]
COMMON = {
    "orgUrl": PLACE["url"],
    "testing": {"testingDisableHttpsCheck": PLACE["url"].startswith("http:")},
    "cache": {"enabled": False},
    "rateLimit": {"maxRetries": 4},
}


class Refused(Exception):
    def __init__(self, error):
        super().__init__(str(error))
        self.status = getattr(error, "status", None)
        self.code = getattr(error, "error_code", None)


async def ask(call):
    """What an SDK call answers, or `Refused`. The SDK returns tuples whose last part is the error."""
    *answer, error = await call
    if error is not None:
        raise Refused(error)
    return answer[0] if len(answer) > 1 else None


async def pages(method, **arguments):
    """Every row of a listing, following the cursor of each answer's Link header."""
    rows, after = [], None
    while True:
        more = {"after": after} if after else {}
        page, response, error = await method(**arguments, **more)
        if error is not None:
            raise Refused(error)
        rows += page or []
        after = cursor(response)
        if after is None or not page:
            return rows


def cursor(response):
    from okta.pagination import PaginationHelper
    return PaginationHelper.extract_next_cursor(response.headers)


async def refused(call, status, code):
    try:
        await ask(call)
    except Refused as error:
        assert (error.status, error.code) == (status, code), (error.status, error.code)
    else:
        raise AssertionError(f"expected {status} {code}")


async def until(what, read, good):
    """Reads until `good` says so: what a client must do where the service is eventually consistent."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        last = await read()
        if good(last):
            return last
        await asyncio.sleep(0.1)
    raise AssertionError(f"{what}: still {last}")


def api_token():
    return Client({**COMMON, "token": PLACE["ssws"]})


def service_app():
    return Client({
        **COMMON, "authorizationMode": "PrivateKey", "clientId": PLACE["client_id"], "scopes": SCOPES,
        "privateKey": PLACE["private_key_pem"], "kid": PLACE["kid"], "dpopEnabled": True,
    })


number = 0


def person(name, password=None, groups=None, **more):
    global number
    number += 1
    login = f"{name}.python{number}.{int(time.time())}@proof.example"
    profile = {"login": login, "email": login, "firstName": name, "lastName": "Proof", "department": "Proving", **more}
    body = {"profile": profile}
    if password:
        body["credentials"] = {"password": {"value": password}}
    if groups:
        body["groupIds"] = groups
    return models.CreateUserRequest.from_dict(body)


def plain(value):
    return getattr(value, "value", value)


async def lives(client):
    user = await ask(client.create_user(person("ada"), activate=False))
    assert plain(user.status) == "STAGED", user.status
    token = await ask(client.activate_user(user.id, send_email=False))
    assert token.activation_url.startswith("http")

    async def status():
        return plain((await ask(client.get_user(user.id))).status)

    await until("activation", status, lambda now: now == "PROVISIONED")
    await refused(client.suspend_user(user.id), 400, "E0000001")
    change = models.UpdateUserRequest.from_dict({"profile": {"title": "Prover"}})
    await ask(client.update_user(user.id, change))
    assert (await ask(client.get_user(user.profile.login))).profile.title == "Prover"

    working = await ask(client.create_user(person("berta", password="correct Horse 7")))
    assert plain(working.status) == "ACTIVE", working.status

    async def other():
        return plain((await ask(client.get_user(working.id))).status)

    await ask(client.suspend_user(working.id))
    assert await other() == "SUSPENDED"
    await ask(client.unsuspend_user(working.id))
    assert await other() == "ACTIVE"
    await ask(client.expire_password(working.id))
    assert await other() == "PASSWORD_EXPIRED"
    await ask(client.revoke_user_sessions(working.id))

    await ask(client.deactivate_user(user.id, send_email=False))
    await until("deactivation", status, lambda now: now == "DEPROVISIONED")
    await ask(client.delete_user(user.id))
    await refused(client.get_user(user.id), 404, "E0000007")
    twin = person("berta")
    twin.profile.login = working.profile.login
    await refused(client.create_user(twin), 400, "E0000001")


async def groups(client):
    name = f"PYTHON-Proof-{time.time_ns()}"
    made = models.AddGroupRequest.from_dict({"profile": {"name": name, "description": "by hand"}})
    group = await ask(client.add_group(made))
    assert plain(group.type) == "OKTA_GROUP", group.type
    user = await ask(client.create_user(person("clara", groups=[group.id])))

    async def members():
        return [member.id for member in await pages(client.list_group_users, group_id=group.id)]

    await until("the member is listed", members, lambda ids: user.id in ids)
    await ask(client.unassign_user_from_group(group.id, user.id))
    await until("the member is gone", members, lambda ids: not ids)
    await ask(client.assign_user_to_group(group.id, user.id))

    async def own():
        return [row.id for row in await ask(client.list_user_groups(user.id))]

    ids = await until("the own groups", own, lambda ids: group.id in ids)
    assert len(ids) >= 2, "Everyone too"
    await ask(client.replace_group(group.id, models.AddGroupRequest.from_dict({"profile": {"name": f"{name}-renamed"}})))
    await ask(client.delete_group(group.id))
    await refused(client.get_group(group.id), 404, "E0000007")


async def paging(client):
    rows = await pages(client.list_users, limit=20)
    ids = {row.id for row in rows}
    assert len(rows) > 60, len(rows)
    assert len(ids) == len(rows), "nobody twice"
    assert all(plain(row.status) != "DEPROVISIONED" for row in rows)
    found = await pages(client.list_users, search='status eq "DEPROVISIONED" or profile.department eq "facilities"')
    assert any(plain(row.status) == "DEPROVISIONED" for row in found)
    assert any(row.profile.department == "Facilities" for row in found)
    await refused(client.list_users(search="profile.department eq"), 400, "E0000031")


async def rules(client):
    stamp = time.time_ns()
    made = models.AddGroupRequest.from_dict({"profile": {"name": f"PYTHON-Rule-{stamp}"}})
    group = await ask(client.add_group(made))
    department = f"Dept {stamp}"
    rule = await ask(client.create_group_rule(models.CreateGroupRuleRequest.from_dict({
        "type": "group_rule", "name": f"PYTHON {stamp}",
        "conditions": {"expression": {"type": "urn:okta:expression:1.0", "value": f'user.department=="{department}"'}},
        "actions": {"assignUserToGroups": {"groupIds": [group.id]}},
    })))
    assert plain(rule.status) == "INACTIVE", rule.status
    await ask(client.activate_group_rule(rule.id))
    user = await ask(client.create_user(person("dora", department=department)))

    async def own():
        return [row.id for row in await ask(client.list_user_groups(user.id))]

    await until("the rule adds", own, lambda ids: group.id in ids)
    change = models.UpdateUserRequest.from_dict({"profile": {"department": "Elsewhere"}})
    await ask(client.update_user(user.id, change))
    await until("the rule takes back", own, lambda ids: group.id not in ids)
    await ask(client.deactivate_group_rule(rule.id))
    await ask(client.delete_group_rule(rule.id))
    assert await pages(client.list_group_rules, limit=50)


async def log(client):
    def moment(seconds):
        when = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    since = moment(-60)
    user = await ask(client.create_user(person("edda"), activate=True))
    await ask(client.deactivate_user(user.id))
    wanted = {"user.lifecycle.create", "user.lifecycle.activate", "user.lifecycle.deactivate"}

    async def bounded():
        rows = await pages(
            client.list_log_events, since=since, until=moment(60), limit=3, filter=f'target.id eq "{user.id}"',
        )
        return {row.event_type for row in rows}

    await until("the bounded log", bounded, lambda types: wanted <= types)
    # A polled listing never ends by itself: page by page until an empty one.
    after, seen = None, 0
    while True:
        more = {"after": after} if after else {"since": since}
        page, response, error = await client.list_log_events(sort_order="ASCENDING", limit=100, **more)
        assert error is None, error
        after = cursor(response)
        assert after, "the next link stays"
        if not page:
            break
        seen += len(page)
        assert all(event.uuid and event.published for event in page)
    assert seen >= 3, seen

    # The deactivation may still be under way: a delete does not wait for its end.
    await ask(client.delete_user(user.id))

    async def later():
        return (await client.list_log_events(sort_order="ASCENDING", limit=100, after=after))[0]

    events = await until("the next event", later, bool)
    assert events[0].event_type.startswith("user.lifecycle.delete"), events[0].event_type


class Receiver(BaseHTTPRequestHandler):
    SECRET = "proof-secret"
    got = []

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.headers.get("Authorization") != self.SECRET:
            return self.answer(401)
        challenge = self.headers["X-Okta-Verification-Challenge"]
        self.answer(200, json.dumps({"verification": challenge}).encode())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # The first delivery is refused once: the same one must come again.
        first = not Receiver.got
        Receiver.got.append(body)
        self.answer(500 if first else 204)

    def log_message(self, *_):
        pass


async def hooks(client):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    hook = await ask(client.create_event_hook(models.EventHook.from_dict({
        "name": "Proof",
        "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.create", "user.lifecycle.deactivate"]},
        "channel": {
            "type": "HTTP", "version": "1.0.0",
            "config": {
                "uri": f"http://127.0.0.1:{server.server_port}/hooks", "headers": [], "method": "POST",
                "authScheme": {"type": "HEADER", "key": "Authorization", "value": Receiver.SECRET},
            },
        },
    })))
    assert (plain(hook.status), plain(hook.verification_status)) == ("ACTIVE", "UNVERIFIED")
    verified = await ask(client.verify_event_hook(hook.id))
    assert plain(verified.verification_status) == "VERIFIED"
    user = await ask(client.create_user(person("frida")))
    await ask(client.deactivate_user(user.id))

    async def events():
        rows = [event for delivery in list(Receiver.got) for event in delivery["data"]["events"]]
        return {row["eventType"] for row in rows if any(target["id"] == user.id for target in row["target"])}

    await until("both events", events, lambda types: {"user.lifecycle.create", "user.lifecycle.deactivate"} <= types)
    ids = [delivery["eventId"] for delivery in Receiver.got]
    assert len(ids) > len(set(ids)), "the refused delivery came again"
    assert all(hook.id in delivery["source"] for delivery in Receiver.got)
    await refused(client.delete_event_hook(hook.id), 403, "E0000038")
    await ask(client.deactivate_event_hook(hook.id))
    await ask(client.delete_event_hook(hook.id))
    server.shutdown()


async def the_rest(client):
    assert any(row.default for row in await ask(client.list_user_types()))
    assert (await ask(client.get_user_schema("default"))).definitions.base.properties.login is not None
    apps = await pages(client.list_applications)
    app = next(row for row in apps if row.label == "iOffice Workplace")
    holders = await pages(client.list_application_users, app_id=app.id, limit=50)
    assert len(holders) > 20, len(holders)


def command(body):
    """What an administrator does at the vendor's console."""
    request = urllib.request.Request(f"{CONTROL}/_stand-in/okta/0/command", data=json.dumps(body).encode(), method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        assert answer.status == 200, answer.read()


async def passwords(client):
    user = await ask(client.create_user(person("gina", password="correct Horse 7")))

    async def status():
        return plain((await ask(client.get_user(user.id))).status)

    link = await ask(client.reset_password(user.id, send_email=False))
    assert link.reset_password_url.startswith("http")
    assert await status() == "RECOVERY"
    command({"do": "finish_password", "user": user.id})
    command({"do": "lock", "user": user.id})
    assert await status() == "LOCKED_OUT"
    await ask(client.unlock_user(user.id))
    assert await status() == "ACTIVE"
    profile = {"login": user.profile.login, "email": user.profile.email, "nickName": "G"}
    replaced = await ask(client.replace_user(user.id, models.UpdateUserRequest.from_dict({"profile": profile})))
    assert (replaced.profile.nick_name, replaced.profile.department) == ("G", None), "what is left out is gone"


async def assignments(client):
    apps = await pages(client.list_applications)
    app = next(row for row in apps if row.label == "iOffice Workplace").id
    user = await ask(client.create_user(person("hana")))
    wanted = models.AppUserAssignRequest.from_dict({"id": user.id, "scope": "USER"})
    held = await ask(client.assign_user_to_application(app, wanted))
    assert (held.id, plain(held.scope)) == (user.id, "USER")
    await ask(client.unassign_user_from_application(app, user.id))
    await refused(client.get_application_user(app, user.id), 404, "E0000007")
    assert await pages(client.list_application_group_assignments, app_id=app)
    name = f"PYTHON-Push-{time.time_ns()}"
    group = await ask(client.add_group(models.AddGroupRequest.from_dict({"profile": {"name": name}})))
    wanted = models.CreateGroupPushMappingRequest.from_dict({"sourceGroupId": group.id, "targetGroupName": "Pushed"})
    mapping = await ask(client.create_group_push_mapping(app, wanted))
    assert mapping.source_group_id == group.id
    change = models.UpdateGroupPushMappingRequest.from_dict({"status": "INACTIVE"})
    assert plain((await ask(client.update_group_push_mapping(app, mapping.id, change))).status) == "INACTIVE"
    await ask(client.delete_group_push_mapping(app, mapping.id, False))
    badge = f"badge{time.time_ns()}"
    wanted = {"title": "Badge", "type": "string", "unique": True, "maxLength": 20}
    schema = {"definitions": {"custom": {"id": "#custom", "type": "object", "properties": {badge: wanted}}}}
    await ask(client.update_user_profile("default", models.UserSchema.from_dict(schema)))
    # This SDK's model drops attributes that it does not know, so the plain body is sent on.
    made = person("ivo")
    assert (await ask(client.create_user(made))).profile.login == made.profile.login
    shares = await ask(client.list_principal_rate_limit_entities(filter='principalType eq "SSWS_TOKEN"'))
    assert shares[0].default_percentage == 50, shares[0]


async def throttled_with_dpop(client):
    """The vendor takes a proof once, also where the call met a quota."""
    group = (await pages(client.list_groups, search='type eq "BUILT_IN"'))[0]
    met = []
    executor = client._request_executor
    pause = executor.pause_for_backoff

    async def counted(seconds):
        met.append(f"a wait of {seconds} s")
        await pause(seconds)

    executor.pause_for_backoff = counted
    for _ in range(40):
        try:
            await ask(client.get_group(group.id))
        except Refused as error:
            assert error.status in (400, 429), (error.status, error.code)
            met.append(error.status)
            break
        if met:
            break
    assert met, "forty calls met no quota: nothing was shown"
    assert (await ask(client.get_group(group.id))).id == group.id, "a fresh proof is taken"


async def dpop(client):
    await lives(client)
    token, scheme = client._request_executor._oauth.get_current_token()
    assert (bool(token), scheme) == (True, "DPoP"), scheme


async def quota(client):
    group = (await pages(client.list_groups, search='type eq "BUILT_IN"'))[0]
    waits = []
    executor = client._request_executor
    pause = executor.pause_for_backoff

    async def counted(seconds):
        waits.append(seconds)
        await pause(seconds)

    executor.pause_for_backoff = counted
    for _ in range(14):
        assert (await ask(client.get_group(group.id))).id == group.id
    assert waits, "the quota was met"
    impatient = Client({**COMMON, "token": PLACE["ssws"], "rateLimit": {"maxRetries": 0}})
    for _ in range(40):
        try:
            await ask(impatient.get_group(group.id))
        except Refused as error:
            assert (error.status, error.code) == (429, "E0000047"), (error.status, error.code)
            return
    raise AssertionError("no 429")


async def main():
    failed = 0
    client = api_token()
    for name, make in [
        ("users live and end", lambda: lives(client)),
        ("groups and members", lambda: groups(client)),
        ("lists page to the end", lambda: paging(client)),
        ("rules move people", lambda: rules(client)),
        ("the log, bounded and polled", lambda: log(client)),
        ("hooks: challenge, delivery, one retry", lambda: hooks(client)),
        ("types, schema, app", lambda: the_rest(client)),
        ("passwords reset and unlocked, profiles replaced", lambda: passwords(client)),
        ("assignments, push mappings, schema, shares", lambda: assignments(client)),
        ("a service app with DPoP", lambda: dpop(service_app())),
        ("a 429 with DPoP", lambda: throttled_with_dpop(service_app())),
        ("a 429 ridden out", lambda: quota(api_token())),
    ]:
        begun = time.monotonic()
        try:
            await make()
            print(f"ok python: {name} ({(time.monotonic() - begun) * 1000:.0f} ms)", flush=True)
        except Exception:  # every failure is told, and the next check runs
            failed += 1
            print(f"FAIL python: {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
