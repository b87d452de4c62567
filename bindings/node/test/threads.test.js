'use strict';

const assert = require('node:assert');
const { existsSync, readFileSync } = require('node:fs');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { stubStore } = require('./stub');

describe('a store', () => {
  it('has sixteen threads at most, whose signals are blocked', async () => {
    const store = stubStore();
    const items = await Promise.all(Array.from({ length: 64 }, () => store.get('features', 'sleep:20 thread')));
    const threads = new Set(items.map(({ version }) => version));
    assert.equal(threads.size, 16);
    assert.ok(!threads.has(process.pid));
    for (const thread of threads) {
      const blocked = /^SigBlk:\s*(\w+)$/m.exec(readFileSync(`/proc/self/task/${thread}/status`, 'utf8'))[1];
      // All but SIGKILL, SIGSTOP, and the two that the C library keeps for itself.
      assert.equal(blocked, 'fffffffe7ffbfeff');
    }
    store.close();
  });

  it('ends threads that had nothing to do for ten seconds, and keeps the last busy one', async () => {
    const store = stubStore();
    const threadOf = async () => (await store.get('features', 'thread')).version;
    const items = await Promise.all(Array.from({ length: 8 }, () => store.get('features', 'sleep:20 thread')));
    const threads = [...new Set(items.map(({ version }) => version))];
    assert.equal(threads.length, 8);
    const busy = await threadOf();
    for (let second = 0; second < 12; second += 1) {
      assert.equal(await threadOf(), busy);
      await sleep(1000);
    }
    assert.deepEqual(
      threads.filter((thread) => existsSync(`/proc/self/task/${thread}`)),
      [busy],
    );
    store.close();
    await sleep(100);
    assert.ok(!existsSync(`/proc/self/task/${busy}`));
  });
});
