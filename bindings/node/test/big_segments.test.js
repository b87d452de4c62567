'use strict';

// The Big Segments store of the adapter, on tables that hold some.

const assert = require('node:assert');
const { after, afterEach, before, beforeEach, describe, it } = require('node:test');

const { DynamoDBBigSegmentStore } = require('ld-dynamo-store/launchdarkly');
const { Engine, FakeEngine, Log } = require('./engine');
const { newContext, oldContext, optionsFor } = require('./sdk');

let engine;
before(async () => {
  engine = await Engine.start();
});
after(() => engine.stop());

for (const [sdk, contextOf] of Object.entries({ 'the new SDK': newContext, 'the old SDK': oldContext })) {
  describe(`a Big Segments store in ${sdk}`, () => {
    it('reads what is there', async () => {
      const table = await engine.newTable();
      const log = new Log();
      const store = DynamoDBBigSegmentStore(table.name, optionsFor(table, { prefix: 'p' }))(contextOf(log));
      assert.deepEqual(await store.getMetadata(), {});
      assert.equal(await store.getUserMembership('hash'), undefined);
      const writer = table.store({ prefix: 'p' });
      await writer.bigSegmentsSetSynchronized(1234567890);
      await writer.bigSegmentsApplyPatch({
        segmentId: 's.g1',
        version: 'v1',
        changes: { included: { add: ['hash'] } },
      });
      writer.close();
      assert.deepEqual(await store.getMetadata(), { lastUpToDate: 1234567890 });
      assert.deepEqual(await store.getUserMembership('hash'), { 's.g1': true });
      await table.put('p:big_segments_metadata', 'p:big_segments_metadata', { synchronizedOn: { S: 'no number' } });
      assert.deepEqual(await store.getMetadata(), {});
      assert.equal(log.of('error').length, 1);
      store.close();
      await assert.rejects(store.getMetadata(), { name: 'StoreClosedError' });
    });
  });
}

for (const [prefix, begin] of [
  ['p', 'p:'],
  ['', ''],
  [undefined, ''],
]) {
  describe(`Big Segments below the prefix ${JSON.stringify(prefix)}`, () => {
    let table, store;
    beforeEach(async () => {
      table = await engine.newTable();
      store = DynamoDBBigSegmentStore(table.name, optionsFor(table, { prefix }))(newContext());
    });
    afterEach(() => store.close());

    it('are what the sets of a context say, and an inclusion wins over an exclusion', async () => {
      const put = (hash, sets) => table.put(`${begin}big_segments_user`, hash, sets);
      await put('included', { included: { SS: ['a.g1', 'b.g2'] } });
      await put('excluded', { excluded: { SS: ['a.g1'] } });
      await put('both', { included: { SS: ['a.g1'] }, excluded: { SS: ['a.g1', 'b.g2'] } });
      await put('neither', {});
      await table.put('other:big_segments_user', 'of another', { included: { SS: ['a.g1'] } });
      const found = {};
      for (const hash of ['included', 'excluded', 'both', 'neither', 'unknown', 'of another']) {
        found[hash] = await store.getUserMembership(hash);
      }
      assert.deepEqual(found, {
        included: { 'a.g1': true, 'b.g2': true },
        excluded: { 'a.g1': false },
        both: { 'a.g1': true, 'b.g2': false },
        neither: {},
        unknown: undefined,
        'of another': undefined,
      });
    });

    it('are as new as their metadata says, in milliseconds', async () => {
      const name = `${begin}big_segments_metadata`;
      // The Relay Proxy writes its cursor before it has been in step for the first time.
      await table.put(name, name, { lastVersion: { S: 'v1' } });
      assert.deepEqual(await store.getMetadata(), {});
      for (const lastUpToDate of [0, 1_700_000_000_123]) {
        await table.put(name, name, { synchronizedOn: { N: String(lastUpToDate) } });
        assert.deepEqual(await store.getMetadata(), { lastUpToDate });
      }
    });
  });
}

it('a table that cannot be asked is an error, and no memory answers in its place', async () => {
  const fake = await FakeEngine.start();
  const table = await fake.newTable();
  const store = DynamoDBBigSegmentStore(table.name, optionsFor(table, { options: { max_attempts: 1 } }))(newContext());
  for (let time = 0; time < 3; time += 1) {
    assert.deepEqual(await store.getMetadata(), {});
    assert.equal(await store.getUserMembership('hash'), undefined);
  }
  assert.equal(await fake.requests('GetItem'), 6);
  await fake.rule({ action: { throttle: true } });
  await assert.rejects(store.getMetadata(), { name: 'ThrottledError' });
  await assert.rejects(store.getUserMembership('hash'), { name: 'ThrottledError' });
  store.close();
  await fake.stop();
});
