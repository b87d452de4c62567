'use strict';

// The stand-in for the native library, compiled when it is first wanted.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const { silent } = require('./engine');
const { Store } = require('ld-dynamo-store');

const folder = mkdtempSync(join(tmpdir(), 'ld-dynamo-store-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Compiles a library of C's source, with definitions for the preprocessor. */
function compile(name, definitions = [], source = join(__dirname, 'native_stub.c')) {
  const path = join(folder, name);
  execFileSync('cc', ['-std=gnu11', '-shared', '-fPIC', ...definitions.map((one) => `-D${one}`), '-o', path, source]);
  return path;
}

let compiled;
const stub = () => (compiled ??= compile('stub.so'));

const stubStore = (options = {}) => new Store('table', { library: stub(), logger: silent, ...options });

/** What is not freed yet, but for the store that tells it. */
function notFreed() {
  const store = stubStore();
  const { stores, ...others } = store.stats();
  store.close();
  return { stores: stores - 1, ...others };
}

const opening = () => `
    const { Store } = require('ld-dynamo-store');
    const open = (options) => new Store('table', { library: ${JSON.stringify(stub())}, ...options });`;

/** A worker's program, which has `open` for a store of the stand-in. */
const workerOf = (program) => `${opening()} ${program}`;

/** Runs a program, whose `Store` is the stand-in's; returns its output, or throws where it fails or does not end. */
async function run(program, { node = [], timeout = 20_000 } = {}) {
  const text = `${opening()}
    ${program}`;
  const child = spawn(process.execPath, [...node, '-e', text], { cwd: __dirname, timeout, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (data) => (output[name] += data));
  }
  const [status, signal] = await once(child, 'close');
  return { status, signal, ...output };
}

module.exports = { compile, notFreed, run, stub, stubStore, workerOf };
