// Real sessions of Okta's own SDKs against the stand-in. Needs node 20, python3 with venv, and a built `lanyard`.
//
//     node proofs/run.mjs [--lanyard FILE] [--cache DIR] [python|node]
//
// Installs the pinned SDKs in a cache folder (target/proofs), starts `lanyard sim` for each, prints a line for each
// check and, last, `N passed, N failed`. Ends with 1 if one failed, with 2 if it could not begin.

import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const WINDOWS = process.platform === 'win32';
const SESSION_MS = 240_000;
const INSTALL_MS = 240_000;

const ONCE = 'this needs the package registries (npm, PyPI) once; later runs use what is kept in target/proofs';

const given = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = given.indexOf(name);
  return at < 0 ? otherwise : given.splice(at, 2)[1];
};
const target = resolve(HERE, '..', process.env.CARGO_TARGET_DIR ?? 'target');
const lanyard = resolve(option('--lanyard', join(target, 'debug', WINDOWS ? 'lanyard.exe' : 'lanyard')));
const cache = resolve(option('--cache', join(target, 'proofs')));
const wanted = given.length > 0 ? given : ['python', 'node'];

function give(what, hint) {
  console.error(`error: ${what}\nhint: ${hint}`);
  process.exit(2);
}

function must(program, args, options, hint) {
  const done = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: INSTALL_MS, ...options });
  if (done.status === 0) return;
  const late = done.error?.code === 'ETIMEDOUT' && `did not end within ${INSTALL_MS / 1000} s`;
  give(`${program} ${args.join(' ')}: ${late || (done.error ?? `ended with ${done.status}`)}`, hint);
}

/** Does `work` unless it was done for the same `key` before. */
function once(folder, key, work) {
  const stamp = join(folder, 'installed.stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  work();
  writeFileSync(stamp, key);
}

function installPython() {
  const folder = join(cache, 'python');
  const python = join(folder, WINDOWS ? 'Scripts/python.exe' : 'bin/python');
  const pinned = join(HERE, 'python', 'requirements.txt');
  const version = spawnSync('python3', ['--version']);
  if (version.status !== 0) give('there is no python3', 'install python3 with its venv module (Debian: python3-venv)');
  mkdirSync(folder, { recursive: true });
  once(folder, `${version.stdout}${readFileSync(pinned, 'utf8')}`, () => {
    must('python3', ['-m', 'venv', '--clear', folder], {}, 'install the venv module (Debian: python3-venv)');
    must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', pinned], {}, `see what pip says; ${ONCE}`);
  });
  return [python, [join(HERE, 'python', 'session.py')]];
}

function installNode() {
  const folder = join(cache, 'node');
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc', 'session.mjs']) {
    copyFileSync(join(HERE, 'node', file), join(folder, file));
  }
  const key = `${process.version}\n${readFileSync(join(folder, 'package-lock.json'), 'utf8')}`;
  once(folder, key, () => {
    must(WINDOWS ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-progress', '--silent'], { cwd: folder, shell: WINDOWS },
      `run npm ci in proofs/node and read what it says; ${ONCE}`);
  });
  return [process.execPath, [join(folder, 'session.mjs')]];
}

/** Starts a stand-in; its announcement, and how to end it. */
async function standIn(args) {
  const child = spawn(lanyard, ['sim', '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((gone) => { child.once('exit', gone); });
  const line = await Promise.race([
    new Promise((said) => { createInterface({ input: child.stdout }).once('line', said); }),
    ended.then((code) => { throw new Error(`lanyard sim ${args.join(' ')} ended with ${code}`); }),
  ]);
  return { line, place: JSON.parse(line), stop: () => { child.kill(); return ended; } };
}

let passed = 0;
let failed = 0;
function count(line) {
  console.log(line);
  if (line.startsWith('ok ')) passed += 1;
  if (line.startsWith('FAIL ')) failed += 1;
}

/** Runs a session to its end. One that says nothing, or hangs, has failed. */
async function session(name, [program, args], sim, env) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  child.stdin.end(sim.line);
  const before = failed;
  let lines = 0;
  const timer = setTimeout(() => child.kill('SIGKILL'), SESSION_MS);
  const ended = new Promise((gone) => { child.once('exit', (code, signal) => gone(code ?? signal)); });
  for await (const line of createInterface({ input: child.stdout })) {
    lines += 1;
    count(line);
  }
  const code = await ended;
  clearTimeout(timer);
  if (lines === 0 || (code !== 0 && failed === before)) count(`FAIL ${name}: the session ended with ${code}`);
}

async function withPython() {
  const program = installPython();
  const certificate = join(cache, 'certificate.pem');
  const tape = join(cache, 'python.jsonl');
  const sim = await standIn([...common, '--tls', '--certificate', certificate, '--record', tape]);
  try {
    await session('python', program, sim, { SSL_CERT_FILE: certificate });
  } finally {
    await sim.stop();
  }
  await shapes(program[0], tape);
}

/** Every answer that an SDK got is one of the vendor's description, says a validator that is not ours. */
async function shapes(python, tape) {
  const described = resolve(HERE, '../docs/contracts/okta-openapi.json');
  const nobody = { line: '' };
  await session('shapes', [python, [join(HERE, 'python', 'shapes.py'), described, tape]], nobody, {});
}

async function withNode() {
  const program = installNode();
  const [python] = installPython();
  const tape = join(cache, 'node.jsonl');
  const sim = await standIn([...common, '--record', tape]);
  try {
    await session('node', program, sim, {});
  } finally {
    await sim.stop();
  }
  await shapes(python, tape);
  await playBack(tape);
}

/** What was recorded is answered again, with links that lead to the new address. */
async function playBack(tape) {
  const sim = await standIn(['--replay', tape]);
  try {
    const path = '/api/v1/users?limit=20';
    const exchanges = readFileSync(tape, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const recorded = exchanges.find((row) => row.path === path);
    const answer = await fetch(sim.place.okta.url + path);
    const same = JSON.stringify((await answer.json()).map((row) => row.id))
      === JSON.stringify(JSON.parse(recorded.response.body).map((row) => row.id));
    const leads = answer.headers.get('link').includes(`<${sim.place.okta.url}/api/v1/users?after=`);
    const secret = readFileSync(tape, 'utf8').match(/SSWS [0-9a-zA-Z]{20}|eyJ[\w-]+\.[\w-]+\.[\w-]{20}/);
    count(`${same && leads && !secret ? 'ok' : 'FAIL'} tape: recorded, free of secrets, and played at another address`
      + (same && leads && !secret ? '' : ` (same rows: ${same}, links lead here: ${leads}, secret: ${secret?.[0]?.slice(0, 12)})`));
  } finally {
    await sim.stop();
  }
}

if (!existsSync(lanyard)) give(`there is no ${lanyard}`, 'run: cargo build');
mkdirSync(cache, { recursive: true });
const common = ['--people', '120', '--dpop', '--settings', join(HERE, 'settings.toml')];
const runs = { python: withPython, node: withNode };
const unknown = wanted.find((name) => !runs[name]);
if (unknown) give(`${unknown} is no session`, 'name python, node, or nothing for both');
const begun = Date.now();
const ends = await Promise.allSettled(wanted.map((name) => runs[name]()));
for (const [place, end] of ends.entries()) {
  if (end.status === 'rejected') count(`FAIL ${wanted[place]}: ${end.reason}`);
}
console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
