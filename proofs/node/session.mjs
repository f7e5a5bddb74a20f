// Sessions of Okta's Node SDK against the stand-in. Reads the stand-in's announcement on stdin; prints a line for each
// check and ends with 1 if one failed.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import okta from '@okta/okta-sdk-nodejs';

const SCOPES = 'okta.users.manage okta.groups.manage okta.logs.read okta.eventHooks.manage okta.apps.manage '
  + 'okta.schemas.read okta.userTypes.read okta.principalRateLimits.read';

let announced = '';
for await (const piece of process.stdin) announced += piece;
const { okta: place, control } = JSON.parse(announced);

/** What an administrator does at the vendor's console. */
async function command(body) {
  const answer = await fetch(`${control.url}/_stand-in/okta/0/command`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
}

let failed = 0;
async function check(name, body) {
  const begun = Date.now();
  try {
    await body();
    console.log(`ok node: ${name} (${Date.now() - begun} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL node: ${name}`);
    console.log(error.stack ?? error);
  }
}

/** Reads until `good` says so: what a client must do where the service is eventually consistent. */
async function until(what, read, good) {
  let last;
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(100)) {
    last = await read();
    if (good(last)) return last;
  }
  throw new Error(`${what}: still ${JSON.stringify(last)}`);
}

async function all(collection) {
  const rows = [];
  await (await collection).each((row) => { rows.push(row); });
  return rows;
}

async function refused(promise, status, code) {
  const error = await promise.then(() => assert.fail(`expected ${status} ${code}`), (error) => error);
  assert.deepEqual([error.status, error.errorCode], [status, code]);
  return error;
}

const ssws = () => new okta.Client({ orgUrl: place.url, token: place.ssws, cacheMiddleware: null });
const service = () => new okta.Client({
  orgUrl: place.url,
  authorizationMode: 'PrivateKey',
  clientId: place.client_id,
  scopes: SCOPES.split(' '),
  privateKey: place.private_key_pem,
  keyId: place.kid,
  cacheMiddleware: null,
});

let number = 0;
const profile = (name, more = {}) => {
  number += 1;
  const login = `${name}.node${number}@proof.example`;
  return { login, email: login, firstName: name, lastName: 'Proof', department: 'Proving', ...more };
};

async function lives(client) {
  const user = await client.userApi.createUser({ body: { profile: profile('ada') }, activate: false });
  assert.equal(user.status, 'STAGED');
  const token = await client.userApi.activateUser({ userId: user.id, sendEmail: false });
  assert.match(token.activationUrl, /^http/);
  const status = (wanted) => until(wanted, async () => (await client.userApi.getUser({ userId: user.id })).status,
    (status) => status === wanted);
  await status('PROVISIONED');
  await refused(client.userApi.suspendUser({ userId: user.id }), 400, 'E0000001');
  await client.userApi.updateUser({ userId: user.id, user: { profile: { title: 'Prover' } } });
  assert.equal((await client.userApi.getUser({ userId: user.profile.login })).profile.title, 'Prover');

  const working = await client.userApi.createUser({
    body: { profile: profile('berta'), credentials: { password: { value: 'correct Horse 7' } } },
  });
  assert.equal(working.status, 'ACTIVE');
  await client.userApi.suspendUser({ userId: working.id });
  assert.equal((await client.userApi.getUser({ userId: working.id })).status, 'SUSPENDED');
  await client.userApi.unsuspendUser({ userId: working.id });
  assert.equal((await client.userApi.getUser({ userId: working.id })).status, 'ACTIVE');
  await client.userApi.expirePassword({ userId: working.id });
  assert.equal((await client.userApi.getUser({ userId: working.id })).status, 'PASSWORD_EXPIRED');
  await client.userApi.revokeUserSessions({ userId: working.id });

  await client.userApi.deactivateUser({ userId: user.id, sendEmail: false });
  await status('DEPROVISIONED');
  await client.userApi.deleteUser({ userId: user.id });
  await refused(client.userApi.getUser({ userId: user.id }), 404, 'E0000007');
  const twice = await refused(client.userApi.createUser({ body: { profile: working.profile } }), 400, 'E0000001');
  assert.match(twice.errorCauses[0].errorSummary, /login/);
}

async function groups(client) {
  const group = await client.groupApi.createGroup({ group: { profile: { name: `NODE-Proof-${Date.now()}`, description: 'by hand' } } });
  assert.equal(group.type, 'OKTA_GROUP');
  const user = await client.userApi.createUser({ body: { profile: profile('clara'), groupIds: [group.id] } });
  const members = async () => (await all(client.groupApi.listGroupUsers({ groupId: group.id }))).map((member) => member.id);
  await until('the member is listed', members, (ids) => ids.includes(user.id));
  await client.groupApi.unassignUserFromGroup({ groupId: group.id, userId: user.id });
  await until('the member is gone', members, (ids) => ids.length === 0);
  await client.groupApi.assignUserToGroup({ groupId: group.id, userId: user.id });
  const own = async () => (await all(client.userApi.listUserGroups({ userId: user.id }))).map((row) => row.profile.name);
  const names = await until('the own groups', own, (names) => names.includes(group.profile.name));
  assert.ok(names.includes('Everyone'));
  const renamed = await client.groupApi.replaceGroup({ groupId: group.id, group: { profile: { name: `${group.profile.name}-renamed` } } });
  assert.equal(renamed.id, group.id);
  await client.groupApi.deleteGroup({ groupId: group.id });
  await refused(client.groupApi.getGroup({ groupId: group.id }), 404, 'E0000007');
}

async function paging(client) {
  const ids = new Set();
  const rows = await all(client.userApi.listUsers({ limit: 20 }));
  for (const row of rows) ids.add(row.id);
  assert.ok(rows.length > 60, `${rows.length} people`);
  assert.equal(ids.size, rows.length, 'nobody twice');
  assert.ok(rows.every((row) => row.status !== 'DEPROVISIONED'));
  const found = await all(client.userApi.listUsers({ search: 'status eq "DEPROVISIONED" or profile.department eq "facilities"' }));
  assert.ok(found.some((row) => row.status === 'DEPROVISIONED') && found.some((row) => row.profile.department === 'Facilities'));
  await refused(all(client.userApi.listUsers({ search: 'profile.department eq' })), 400, 'E0000031');
  assert.equal((await all(client.groupApi.listGroups({ search: 'type eq "BUILT_IN"' })))[0].profile.name, 'Everyone');
}

async function rules(client) {
  const name = `NODE-Rule-${Date.now()}`;
  const group = await client.groupApi.createGroup({ group: { profile: { name } } });
  const department = `Dept ${Date.now()}`;
  const rule = await client.groupApi.createGroupRule({
    groupRule: {
      type: 'group_rule', name: name.slice(0, 50),
      conditions: { expression: { type: 'urn:okta:expression:1.0', value: `user.department=="${department}"` } },
      actions: { assignUserToGroups: { groupIds: [group.id] } },
    },
  });
  assert.equal(rule.status, 'INACTIVE');
  await client.groupApi.activateGroupRule({ ruleId: rule.id });
  const user = await client.userApi.createUser({ body: { profile: profile('dora', { department }) } });
  const own = async () => (await all(client.userApi.listUserGroups({ userId: user.id }))).map((row) => row.id);
  await until('the rule adds', own, (ids) => ids.includes(group.id));
  await client.userApi.updateUser({ userId: user.id, user: { profile: { department: 'Elsewhere' } } });
  await until('the rule takes back', own, (ids) => !ids.includes(group.id));
  await client.groupApi.deactivateGroupRule({ ruleId: rule.id });
  await client.groupApi.deleteGroupRule({ ruleId: rule.id });
  assert.ok((await all(client.groupApi.listGroupRules({ limit: 50 }))).length > 0);
}

async function log(client) {
  const since = new Date(Date.now() - 60_000);
  const user = await client.userApi.createUser({ body: { profile: profile('edda') }, activate: true });
  await client.userApi.deactivateUser({ userId: user.id });
  const bounded = async () => (await all(client.systemLogApi.listLogEvents({
    since: since.toISOString(), until: new Date(Date.now() + 60_000).toISOString(), limit: 3,
    filter: `target.id eq "${user.id}"`,
  }))).map((event) => event.eventType);
  const wanted = ['create', 'activate', 'deactivate'].map((verb) => `user.lifecycle.${verb}`);
  await until('the bounded log', bounded, (types) => wanted.every((type) => types.includes(type)));
  // A polled listing never ends by itself: page by page until an empty one.
  const feed = await client.systemLogApi.listLogEvents({ since: since.toISOString(), sortOrder: 'ASCENDING', limit: 100 });
  let seen = 0;
  for (let page = await feed.getNextPage(); page.length > 0; page = await feed.getNextPage()) {
    seen += page.length;
    assert.ok(page.every((event) => event.uuid && event.published));
  }
  assert.ok(seen >= 3, `${seen} events`);
  const cursor = feed.nextUri;
  assert.ok(cursor, 'the next link stays');
  // The deactivation may still be under way: a delete does not wait for its end.
  await client.userApi.deleteUser({ userId: user.id });
  const later = await until('the next event', () => feed.getNextPage(), (page) => page.length > 0);
  assert.match(later[0].eventType, /^user\.lifecycle\.delete/);
}

async function hooks(client) {
  const secret = 'proof-secret';
  const got = [];
  const receiver = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    if (request.headers.authorization !== secret) {
      response.writeHead(401).end();
    } else if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ verification: request.headers['x-okta-verification-challenge'] }));
    } else {
      // The first delivery is refused once: the same one must come again.
      const first = got.length === 0;
      got.push(JSON.parse(body));
      response.writeHead(first ? 500 : 204).end();
    }
  });
  await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening));
  try {
    const hook = await client.eventHookApi.createEventHook({
      eventHook: {
        name: 'Proof', events: { type: 'EVENT_TYPE', items: ['user.lifecycle.create', 'user.lifecycle.deactivate'] },
        channel: {
          type: 'HTTP', version: '1.0.0',
          config: {
            uri: `http://127.0.0.1:${receiver.address().port}/hooks`,
            headers: [], authScheme: { type: 'HEADER', key: 'Authorization', value: secret },
          },
        },
      },
    });
    assert.deepEqual([hook.status, hook.verificationStatus], ['ACTIVE', 'UNVERIFIED']);
    assert.equal(hook.channel.config.authScheme.value, undefined);
    const verified = await client.eventHookApi.verifyEventHook({ eventHookId: hook.id });
    assert.equal(verified.verificationStatus, 'VERIFIED');
    const user = await client.userApi.createUser({ body: { profile: profile('frida') } });
    await client.userApi.deactivateUser({ userId: user.id });
    const events = () => got.flatMap((delivery) => delivery.data.events)
      .filter((event) => event.target.some((target) => target.id === user.id)).map((event) => event.eventType);
    await until('both events', async () => events(), (types) => types.includes('user.lifecycle.create') && types.includes('user.lifecycle.deactivate'));
    const ids = got.map((delivery) => delivery.eventId);
    assert.ok(ids.length > new Set(ids).size, 'the refused delivery came again');
    assert.ok(got.every((delivery) => delivery.source.includes(hook.id)));
    await refused(client.eventHookApi.deleteEventHook({ eventHookId: hook.id }), 403, 'E0000038');
    await client.eventHookApi.deactivateEventHook({ eventHookId: hook.id });
    await client.eventHookApi.deleteEventHook({ eventHookId: hook.id });
  } finally {
    receiver.close();
    receiver.closeAllConnections();
  }
}

async function quota(client) {
  const [group] = await all(client.groupApi.listGroups({ search: 'type eq "BUILT_IN"' }));
  let waits = 0;
  client.requestExecutor.on('backoff', (_request, response) => {
    waits += 1;
    assert.equal(response.headers.get('x-rate-limit-remaining'), '0');
    assert.notEqual(response.headers.get('x-rate-limit-limit'), '0');
  });
  for (let call = 0; call < 14; call += 1) {
    assert.equal((await client.groupApi.getGroup({ groupId: group.id })).id, group.id);
  }
  assert.ok(waits > 0, 'the quota was met');
  const impatient = new okta.Client({ orgUrl: place.url, token: place.ssws, cacheMiddleware: null,
    requestExecutor: new okta.DefaultRequestExecutor({ maxRetries: 0 }) });
  let met;
  for (let call = 0; call < 40 && !met; call += 1) {
    met = await impatient.groupApi.getGroup({ groupId: group.id }).then(() => undefined, (error) => error);
  }
  assert.deepEqual([met.status, met.errorCode], [429, 'E0000047']);
}

async function theRest(client) {
  const types = await all(client.userTypeApi.listUserTypes());
  assert.ok(types.some((type) => type._default ?? type.default), 'a default user type');
  const schema = await client.schemaApi.getUserSchema({ schemaId: 'default' });
  assert.ok(schema.definitions.base.properties.login);
  const apps = await all(client.applicationApi.listApplications());
  const app = apps.find((row) => row.label === 'iOffice Workplace');
  const holders = await all(client.applicationApi.listApplicationUsers({ appId: app.id, limit: 50 }));
  assert.ok(holders.length > 20, `${holders.length} app users`);
  await refused(client.userApi.getUser({ userId: '00u0000000000000none' }), 404, 'E0000007');
}

async function passwords(client) {
  const user = await client.userApi.createUser({
    body: { profile: profile('gina'), credentials: { password: { value: 'correct Horse 7' } } },
  });
  const status = async () => (await client.userApi.getUser({ userId: user.id })).status;
  const link = await client.userApi.generateResetPasswordToken({ userId: user.id, sendEmail: false });
  assert.match(link.resetPasswordUrl, /^http/);
  assert.equal(await status(), 'RECOVERY');
  const again = await client.userApi.reactivateUser({ userId: user.id, sendEmail: false });
  assert.ok(again.activationToken, 'a token once more');
  await command({ do: 'finish_password', user: user.id });
  await command({ do: 'lock', user: user.id });
  assert.equal(await status(), 'LOCKED_OUT');
  await client.userApi.unlockUser({ userId: user.id });
  assert.equal(await status(), 'ACTIVE');
  const replaced = await client.userApi.replaceUser({ userId: user.id, user: { profile: { ...user.profile, nickName: 'G', department: undefined } } });
  assert.deepEqual([replaced.profile.nickName, replaced.profile.department], ['G', undefined], 'what is left out is gone');
}

async function appsAndSchemas(client) {
  const app = (await all(client.applicationApi.listApplications())).find((row) => row.label === 'iOffice Workplace');
  const appId = app.id;
  const user = await client.userApi.createUser({ body: { profile: profile('hana') } });
  const held = await client.applicationApi.assignUserToApplication({ appId, appUser: { id: user.id, scope: 'USER' } });
  assert.deepEqual([held.id, held.scope], [user.id, 'USER']);
  const one = await client.applicationApi.getApplicationUser({ appId, userId: user.id, expand: 'user' });
  assert.equal(one._embedded.user.profile.login, user.profile.login);
  await client.applicationApi.unassignUserFromApplication({ appId, userId: user.id });
  await refused(client.applicationApi.getApplicationUser({ appId, userId: user.id }), 404, 'E0000007');
  assert.ok((await all(client.applicationApi.listApplicationGroupAssignments({ appId }))).length > 0);

  const group = await client.groupApi.createGroup({ group: { profile: { name: `NODE-Push-${Date.now()}` } } });
  const mapping = await client.groupPushMappingApi.createGroupPushMapping({ appId, body: { sourceGroupId: group.id, targetGroupName: 'Pushed' } });
  assert.equal(mapping.sourceGroupId, group.id);
  const mappingId = mapping.id;
  await client.groupPushMappingApi.updateGroupPushMapping({ appId, mappingId, body: { status: 'INACTIVE' } });
  assert.equal((await client.groupPushMappingApi.getGroupPushMapping({ appId, mappingId })).status, 'INACTIVE');
  await client.groupPushMappingApi.deleteGroupPushMapping({ appId, mappingId, deleteTargetGroup: false });

  const name = `badge${Date.now()}`;
  const properties = { [name]: { title: 'Badge', type: 'string', unique: true, maxLength: 20 } };
  await client.schemaApi.updateUserProfile({ schemaId: 'default', userSchema: { definitions: { custom: { id: '#custom', type: 'object', properties } } } });
  const badge = (number) => client.userApi.createUser({ body: { profile: profile('ivo', { [name]: number }) } });
  assert.equal((await badge('B-1')).profile[name], 'B-1');
  await refused(badge('B-1'), 400, 'E0000001');
  await refused(badge('B'.repeat(21)), 400, 'E0000001');
  const found = async () => all(client.userApi.listUsers({ search: `profile.${name} eq "b-1"` }));
  await until('the custom attribute is searched', found, (rows) => rows.length === 1);

  const type = await client.userTypeApi.createUserType({ userType: { name: `guest${Date.now()}`, displayName: 'Guest', description: 'Guests' } });
  await client.userTypeApi.deleteUserType({ typeId: type.id });
  const quotas = await all(client.principalRateLimitApi.listPrincipalRateLimitEntities({ filter: 'principalType eq "SSWS_TOKEN"' }));
  assert.equal(quotas[0].defaultPercentage, 50);
}

/** The vendor takes a proof once, also where the call met a quota; this SDK sends the same one again. */
async function throttledWithDpop() {
  const client = service();
  const [group] = await all(client.groupApi.listGroups({ search: 'type eq "BUILT_IN"' }));
  let met;
  for (let call = 0; call < 40 && !met; call += 1) {
    met = await client.groupApi.getGroup({ groupId: group.id }).then(() => undefined, (error) => error);
  }
  // Its error has no member for an OAuth error's name; that a proof was refused is all that it tells.
  assert.equal(met.status, 400, met.message);
  assert.equal((await client.groupApi.getGroup({ groupId: group.id })).id, group.id, 'a fresh proof is taken');
}

async function dpop() {
  const client = service();
  const schemes = new Set();
  client.requestExecutor.on('request', (request) => {
    const [scheme] = (request.headers?.Authorization ?? '').split(' ');
    if (scheme) schemes.add(scheme);
  });
  await lives(client);
  assert.deepEqual([...schemes], ['DPoP']);
  const token = client.oauth.accessToken;
  assert.equal(token.token_type, 'DPoP');
  assert.equal(token.scope.split(' ').sort().join(' '), SCOPES.split(' ').sort().join(' '));
  const bare = await fetch(`${place.url}/api/v1/users?limit=1`, { headers: { authorization: `Bearer ${token.access_token}` } });
  assert.ok(bare.status === 400 || bare.status === 401, `a bound token without proof: ${bare.status}`);
}

const client = ssws();
await check('users live and end', () => lives(client));
await check('groups and members', () => groups(client));
await check('lists page to the end', () => paging(client));
await check('rules move people', () => rules(client));
await check('the log, bounded and polled', () => log(client));
await check('hooks: challenge, delivery, one retry', () => hooks(client));
await check('types, schema, app', () => theRest(client));
await check('passwords reset and unlocked, profiles replaced', () => passwords(client));
await check('assignments, push mappings, custom attributes, shares', () => appsAndSchemas(client));
await check('a service app with DPoP', dpop);
await check('a proof is taken once, also after a 429', throttledWithDpop);
await check('a 429 ridden out', () => quota(ssws()));
process.exitCode = failed > 0 ? 1 : 0;
