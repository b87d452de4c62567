'use strict';

const assert = require('node:assert');
const { readFile } = require('node:fs/promises');
const { freemem } = require('node:os');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { InternalError, load, StoreError, TimedOutError } = require('ld-dynamo-store');
const { notFreed, run, stub, stubStore, workerOf } = require('./stub');

const NOTHING = { stores: 0, strings: 0, errors: 0, freed_in_a_call: 0 };

const remaining = () => {
  const { stores, strings, errors, freed_in_a_call } = notFreed();
  return { stores, strings, errors, freed_in_a_call };
};

/** How long the event loop is held, at most, while something goes on; in milliseconds. */
async function longestHold(call) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(20);
  await call();
  await sleep(20);
  histogram.disable();
  return histogram.max / 1e6;
}

// Longer than a test may last: whoever waits for such a call fails.
const LONG = 'sleep:600000';

describe('the life of a store', () => {
  it('frees everything that the library gave', async () => {
    const store = stubStore();
    await store.get('features', 'a');
    await store.all('features');
    await store.allTexts('features');
    await store.upsert('features', 'not-newer', { version: 1 });
    await assert.rejects(store.get('features', 'status:-400'), TimedOutError);
    await assert.rejects(store.get('features', 'bare-status:-900'), (error) => {
      assert.ok(error instanceof InternalError && !error.retriable);
      assert.equal(error.message, 'the native library failed with status -900');
      return true;
    });
    await assert.rejects(store.get('features', 'status:-1234'), (error) => error.constructor === StoreError);
    store.stats();
    assert.equal(await store.initialized(), false);
    store.close();
    assert.deepEqual(remaining(), NOTHING);
    assert.throws(() => stubStore({ region: 'refused' }));
    assert.deepEqual(remaining(), NOTHING);
  });

  it('frees what its calls were given', async () => {
    const store = stubStore();
    const data = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage.rss();
    for (let call = 0; call < 300; call += 1) {
      await store.init(data);
    }
    assert.ok(process.memoryUsage.rss() - before < 150 * 1024 * 1024);
    store.close();
  });

  it('is over when the last call is, where it is closed beside calls', async () => {
    const store = stubStore();
    const calls = Array.from({ length: 40 }, (_, index) => store.get('features', `sleep:${20 + index}`));
    await sleep(10);
    store.close();
    assert.equal(notFreed().stores, 1);
    assert.equal((await Promise.all(calls)).length, 40);
    assert.deepEqual(remaining(), NOTHING);
  });

  it('leaves the event loop and the threads of Node alone', async () => {
    const store = stubStore();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    const calls = Array.from({ length: 32 }, () => store.get('features', 'sleep:200'));
    const before = performance.now();
    await readFile(__filename);
    assert.ok(performance.now() - before < 200);
    await Promise.all(calls);
    clearInterval(timer);
    assert.ok(turns > 5);
    store.close();
  });

  it('holds the event loop at an init for no longer than one JSON.stringify of the data set', async () => {
    const store = stubStore();
    const names = Array.from({ length: 10_000 }, (_, index) => `flag-${index}`);
    const flag = { version: 1, values: Array.from({ length: 32 }, (_, index) => `value-${index}`) };
    const data = { features: Object.fromEntries(names.map((key) => [key, { key, ...flag }])), segments: {} };
    const text = JSON.stringify(data);
    const rounds = [];
    const isShort = ({ written, held, heldByText }) => held < written * 1.5 + 5 && heldByText < written + 5;
    // Other processes make it longer, so one round is enough that nothing disturbed.
    while (!rounds.some(isShort) && rounds.length < 40) {
      const before = performance.now();
      JSON.stringify(data);
      const written = performance.now() - before;
      const held = await longestHold(() => store.init(data));
      rounds.push({ written, held, heldByText: await longestHold(() => store.init(text)) });
    }
    assert.ok(rounds.some(isShort), JSON.stringify(rounds));
    assert.equal(store.stats().payload, Buffer.byteLength(text));
    store.close();
  });

  it('ends with the last reference', async () => {
    const { status, stdout, stderr } = await run(
      `
      (async () => {
        for (let index = 0; index < 50; index += 1) {
          await open().get('features', 'a');
        }
        for (let turn = 0; turn < 10; turn += 1) {
          gc();
          await new Promise(setImmediate);
        }
        console.log(open().stats().stores);
      })();`,
      { node: ['--expose-gc'] },
    );
    assert.equal(status, 0, stderr);
    assert.ok(Number(stdout) < 10, stdout);
  });

  it('finishes its calls though nobody holds it', async () => {
    const { status, stdout } = await run(
      `
      open().get('features', 'sleep:100').then((item) => console.log(item.key));
      gc();`,
      { node: ['--expose-gc'] },
    );
    assert.deepEqual([status, stdout], [0, 'sleep:100\n']);
  });

  const skip = freemem() < 2 ** 31 && 'there is too little memory';
  it('fails a call whose answer is longer than a string may be', { skip }, async () => {
    const { constants } = require('node:buffer');
    const store = stubStore();
    await assert.rejects(store.allText(`long:${constants.MAX_STRING_LENGTH + 1}`), InternalError);
    assert.equal((await store.allText('long:5')).length, 5);
    store.close();
    assert.deepEqual(remaining(), NOTHING);
  });

  it('cannot be used with a store of something else', () => {
    const { addon } = require('../dist/addon.js');
    assert.throws(() => addon().get({}, 'features', 'a'), TypeError);
    assert.throws(() => addon().open({}, '{}', () => {}), TypeError);
    assert.throws(() => addon().open(load(stub()).native, '{}', 1), TypeError);
    assert.throws(() => addon().load(1), TypeError);
  });
});

describe('a process', () => {
  it('ends by itself, though a store is open', async () => {
    const { status } = await run(`open().get('features', 'a').then(() => console.log('done'));`);
    assert.equal(status, 0);
  });

  it('stays for a call under way', async () => {
    const { stdout } = await run(`open().get('features', 'sleep:300').then(() => console.log('done'));`);
    assert.equal(stdout, 'done\n');
  });

  it('ends at process.exit beside calls under way', async () => {
    const { status, signal } = await run(`
      const store = open();
      for (let index = 0; index < 32; index += 1) store.get('features', '${LONG}');
      setTimeout(() => process.exit(7), 50);`);
    assert.deepEqual([status, signal], [7, null]);
  });

  const CALLING = `
    for (const store of [open(), open()]) {
      for (let index = 0; index < 100; index += 1) store.get('features', 'log-after:' + (index % 40));
      if (Math.random() < 0.5) store.close();
    }`;
  const inWorker = (program) => `
    const { Worker } = require('worker_threads');
    const worker = new Worker(${JSON.stringify(workerOf(CALLING + program))}, { eval: true });`;
  for (const [name, [program, expected]] of Object.entries({
    'at process.exit': [`${CALLING} setTimeout(() => process.exit(7), 30);`, 7],
    'at an exception': [`${CALLING} setTimeout(() => { throw new Error('not caught'); }, 30);`, 1],
    'at process.exit in a logger': [
      `${CALLING} open({ logger: { info: () => process.exit(7) } }).get('features', 'log:3:text');`,
      7,
    ],
    'at process.exit beside a worker': [`${inWorker('')} setTimeout(() => process.exit(7), 60);`, 7],
    'after process.exit of a worker': [
      `${inWorker('setTimeout(() => process.exit(3), 20);')} worker.on('exit', (status) => process.exit(status + 4));`,
      7,
    ],
    'after the end of a worker': [`${inWorker('')} worker.on('exit', (status) => process.exit(status + 7));`, 7],
  })) {
    it(`ends ${name} where calls end and log at that moment`, async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        const { status, signal, stderr } = await run(program);
        assert.deepEqual([status, signal], [expected, null], stderr);
      }
    });
  }

  it('outlives workers that are terminated beside calls, and that alone had loaded the addon', async () => {
    const worker = workerOf(`
      ${CALLING}
      for (let index = 0; index < 4; index += 1) open().get('features', 'sleep:400');
      require('worker_threads').parentPort.postMessage('calling');`);
    const { status, signal, stdout, stderr } = await run(`
      const { Worker } = require('worker_threads');
      (async () => {
        for (let turn = 0; turn < 30; turn += 1) {
          const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
          await new Promise((resolve) => worker.once('message', resolve));
          await new Promise((resolve) => setTimeout(resolve, (turn * 7) % 50));
          await worker.terminate();
        }
        // The calls of the last worker come to their end meanwhile.
        setTimeout(() => console.log(JSON.stringify(open().stats())), 800);
      })();`);
    assert.deepEqual([status, signal], [0, null], stderr);
    const { stores, strings, errors, freed_in_a_call } = JSON.parse(stdout);
    assert.deepEqual({ stores: stores - 1, strings, errors, freed_in_a_call }, NOTHING);
  });

  it('may have a store in each of several workers', async () => {
    const worker = workerOf(`
      const store = open();
      const { parentPort, threadId } = require('worker_threads');
      Promise.all(Array.from({ length: 20 }, (_, n) => store.get('features', 'sleep:' + n))).then(() => parentPort.postMessage(threadId));`);
    const { status, stdout, stderr } = await run(`
      const { Worker } = require('worker_threads');
      let left = 4;
      for (let index = 0; index < 4; index += 1) {
        new Worker(${JSON.stringify(worker)}, { eval: true }).once('message', () => console.log(--left));
      }
      open().get('features', 'a');`);
    assert.deepEqual([status, stdout], [0, '3\n2\n1\n0\n'], stderr);
  });

  it('may have a store in each of a cluster', async () => {
    const { status, stdout } = await run(`
      const cluster = require('cluster');
      if (cluster.isPrimary) {
        cluster.setupPrimary({ execArgv: [], exec: ${JSON.stringify(require.resolve('./cluster_worker.js'))}, args: [${JSON.stringify(stub())}] });
        const store = open();
        store.get('features', 'a').then(() => {
          for (let index = 0; index < 2; index += 1) cluster.fork();
          cluster.on('message', (worker, key) => { console.log(key); worker.disconnect(); });
        });
      }`);
    assert.deepEqual([status, stdout], [0, 'b\nb\n']);
  });
});
