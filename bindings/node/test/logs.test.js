'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const { Engine, Log } = require('./engine');
const { run, stub, stubStore } = require('./stub');

describe('logs', () => {
  it('arrive before the answer, by their level', async () => {
    const log = new Log();
    const store = stubStore({ logger: log });
    for (const level of [1, 2, 3, 4, 5]) {
      await store.get('features', `log:${level}:message ${level} ü`);
      assert.equal(log.lines.length, level);
    }
    const lines = ['error', 'warn', 'info', 'debug', 'debug'].map((name, index) => [name, `message ${index + 1} ü`]);
    assert.deepEqual(log.lines, lines);
    store.close();
  });

  it('of the library, down to log_level', async () => {
    const engine = await Engine.start();
    const table = await engine.newTable();
    const log = new Log();
    const store = table.store({ logger: log });
    await store.init({ features: {} });
    assert.match(log.of('info')[0], /^Initialized table/);
    assert.deepEqual(log.of('debug'), []);
    store.close();
    const quiet = new Log();
    const other = table.store({ logger: quiet, log_level: 'warn' });
    await other.init({ features: {} });
    assert.deepEqual(quiet.lines, []);
    other.close();
    await engine.stop();
  });

  it('go to the logger of their store, where the package was loaded twice with one addon, as by jest', async () => {
    const [one, other] = [new Log(), new Log()];
    const store = stubStore({ logger: one });
    const loaded = Object.keys(require.cache).filter((path) => path.startsWith(join(__dirname, '../dist')));
    const before = loaded.map((path) => [path, require.cache[path]]);
    loaded.forEach((path) => delete require.cache[path]);
    const { Store: Again } = require('ld-dynamo-store');
    before.forEach(([path, module]) => (require.cache[path] = module));
    const again = new Again('table', { library: stub(), logger: other });
    await store.get('features', 'log:1:of one');
    await again.get('features', 'log:1:of the other');
    assert.deepEqual([one.of('error'), other.of('error')], [['of one'], ['of the other']]);
    store.close();
    again.close();
  });

  it('of a logger that throws end in a warning of the process', async () => {
    const fail = () => {
      throw new Error('no room');
    };
    const store = stubStore({ logger: { error: fail, warn: fail, info: fail, debug: fail } });
    const warned = once(process, 'warning');
    assert.equal((await store.get('features', 'log:1:text')).key, 'log:1:text');
    assert.match((await warned)[0].message, /the logger of ld-dynamo-store threw: no room/);
    store.close();
  });

  it('may use the store, and close it', async () => {
    let answer;
    const store = stubStore({
      logger: {
        error() {
          answer = store.get('features', 'inner');
          store.close();
        },
      },
    });
    await store.get('features', 'log:1:text');
    assert.equal((await answer).key, 'inner');
    assert.ok(store.closed);
  });

  it('go to standard error by default, as far as something is wrong', async () => {
    const program = `
      const store = open();
      (async () => {
        for (const level of [1, 2, 3, 4]) await store.get('features', 'log:' + level + ':message ' + level);
      })();`;
    const { stdout, stderr } = await run(program);
    assert.deepEqual([stdout, stderr], ['', 'ld_dynamo_store: message 1\nld_dynamo_store: message 2\n']);
    process.env.NODE_DEBUG = 'ld_dynamo_store';
    const told = await run(program);
    delete process.env.NODE_DEBUG;
    assert.match(told.stderr, /message 3\n.*message 4\n/s);
  });

  it('let go of the logger when the store is freed', async () => {
    const { stdout, stderr } = await run(
      `
      let known;
      (async () => {
        const logger = { error() {} };
        known = new WeakRef(logger);
        const store = open({ logger });
        await store.get('features', 'log:1:text');
        store.close();
      })().then(async () => {
        for (let turn = 0; turn < 10; turn += 1) {
          await new Promise(setImmediate);
          gc();
        }
        console.log(known.deref());
      });`,
      { node: ['--expose-gc'] },
    );
    assert.equal(stdout, 'undefined\n', stderr);
  });
});
