'use strict';

const assert = require('node:assert');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, before, beforeEach, describe, it } = require('node:test');

const NewSdk = require('@launchdarkly/node-server-sdk');
const OldSdk = require('launchdarkly-node-server-sdk');
const { contextHash } = require('ld-dynamo-store');
const { DynamoDBBigSegmentStore, DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');
const { Engine, FakeEngine, Log, silent } = require('./engine');
const { asked, FEATURES, flag, newContext, oldContext, optionsFor, SEGMENTS } = require('./sdk');

const SDKS = { 'the new SDK': newContext, 'the old SDK': oldContext };
const CONTEXT = { kind: 'user', key: 'user-key' };

let engine, fake;
before(async () => {
  engine = await Engine.start();
  fake = await FakeEngine.start();
});
after(async () => {
  await engine.stop();
  await fake.stop();
});

for (const [sdk, contextOf] of Object.entries(SDKS)) {
  describe(`a feature store in ${sdk}`, () => {
    let table;
    const opened = [];
    const open = (options = {}, log = silent, on = table) => {
      const store = DynamoDBFeatureStore(on.name, optionsFor(on, options))(contextOf(log));
      opened.push(store);
      return store;
    };

    beforeEach(async () => {
      table = await engine.newTable();
    });
    after(() => opened.forEach((store) => store.close()));

    it('writes what it is given, and reads it', async () => {
      const store = open({ prefix: 'p' });
      assert.equal(await asked(store.initialized), false);
      assert.equal(await asked(store.init, { features: { a: flag('a', 1) }, segments: {} }), undefined);
      assert.equal(await asked(store.initialized), true);
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 1);
      assert.equal(await asked(store.get, FEATURES, 'absent'), null);
      assert.deepEqual(Object.keys(await asked(store.all, FEATURES)), ['a']);
      assert.deepEqual(await asked(store.all, SEGMENTS), {});
      assert.equal(await asked(store.upsert, FEATURES, flag('a', 2)), undefined);
      await asked(store.upsert, FEATURES, flag('a', 1));
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 2);
      assert.equal(JSON.parse((await table.row('p:features', 'a')).item.S).version, 2);
      assert.equal(await asked(store.isStoreAvailable), true);
      assert.equal(store.getDescription(), 'DynamoDB');
      assert.equal(store.description, 'DynamoDB');
    });

    it('writes deletions that every SDK can read', async () => {
      const store = open();
      await asked(store.init, { features: { a: flag('a', 1) }, segments: {} });
      await asked(store.delete, FEATURES, 'a', 2);
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      assert.deepEqual(await asked(store.all, FEATURES), {});
      const { item, version } = await table.row('features', 'a');
      const tombstone = JSON.parse(item.S);
      assert.equal(version.N, '2');
      assert.equal(tombstone.key, 'a');
      assert.ok('variations' in tombstone);
    });

    it('keeps the item that won in its cache', async () => {
      const store = open({ cacheTTL: 60 });
      await asked(store.init, { features: { a: flag('a', 1) }, segments: {} });
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 1);
      await asked(store.upsert, FEATURES, flag('a', 2));
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 2);
      await table.put('features', 'a', { version: { N: '9' }, item: { S: JSON.stringify(flag('a', 9)) } });
      await asked(store.upsert, FEATURES, flag('a', 5));
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 9);
    });

    it('takes a damaged row for absent, and logs it once', async () => {
      const log = new Log();
      const store = open({}, log);
      await table.put('features', 'a', { version: { N: '1' }, item: { S: 'no JSON' } });
      await table.put('features', 'b', { version: { N: '1' }, item: { S: JSON.stringify(flag('b', 1)) } });
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      assert.equal(log.of('error').length, 1);
      assert.match(log.of('error')[0], /item "a" of kind "features" is corrupt/);
      assert.deepEqual(Object.keys(await asked(store.all, FEATURES)), ['b']);
    });

    it('takes what others leave of a deleted item for absent', async () => {
      const store = open();
      await table.put('features', 'java', { version: { N: '1' }, item: { S: 'null' } });
      await table.put('features', 'short', { version: { N: '1' }, item: { S: '{"version":1,"deleted":true}' } });
      await table.put('features', 'none', { version: { N: '1' } });
      for (const key of ['java', 'short', 'none']) {
        assert.equal(await asked(store.get, FEATURES, key), null);
      }
      assert.deepEqual(await asked(store.all, FEATURES), {});
    });

    it('keeps what the table has where an item is too large', async () => {
      const log = new Log();
      const store = open({ cacheTTL: 60 }, log);
      await asked(store.init, { features: { a: flag('a', 1) }, segments: {} });
      await asked(store.upsert, FEATURES, flag('a', 2, 'x'.repeat(400_000)));
      assert.match(log.of('error')[0], /was too large to store/);
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 1);
    });

    it('shows an init that failed', async () => {
      const there = await fake.newTable();
      const log = new Log();
      const store = open({ cacheTTL: 60, options: { init_timeout_ms: 500 } }, log, there);
      await fake.rule({ match: { operation: 'BatchWriteItem' }, action: { error: { code: 'AccessDeniedException' } } });
      const data = { features: { a: flag('a', 1) }, segments: {} };
      const [failure, second] = await Promise.all([
        asked(store.init, data),
        asked(store.upsert, FEATURES, flag('b', 1)),
      ]);
      assert.equal(failure.name, 'AccessDeniedError');
      assert.equal(second, undefined);
      assert.match(log.of('error')[0], /the data set was not stored/);
      assert.equal(await asked(store.initialized), false);
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      assert.equal((await asked(store.get, FEATURES, 'b')).version, 1);
      await fake.control('reset', {});
      // The SDK keeps for the length of its cache that it was not initialized.
      assert.equal(await asked(store.init, data), undefined);
      assert.equal(await asked(store.initialized), true);
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 1);
    });

    it('goes on after what cannot be written as JSON', async () => {
      const log = new Log();
      const store = open({}, log);
      const wrong = { ...flag('a', 1), variations: [1n] };
      const answers = await Promise.all([
        asked(store.init, { features: { a: wrong }, segments: {} }),
        asked(store.upsert, FEATURES, wrong),
        asked(store.upsert, FEATURES, flag('b', 1)),
        asked(store.init, { features: { a: flag('a', 1) }, segments: {} }),
      ]);
      assert.deepEqual(
        answers.map((failure) => failure?.name),
        ['TypeError', 'TypeError', undefined, undefined],
      );
      assert.match(log.of('error')[0], /^the data set was not stored: .*BigInt/);
      assert.match(log.of('error')[1], /^an item was not stored: .*BigInt/);
      assert.deepEqual(Object.keys(await asked(store.all, FEATURES)), ['a']);
    });

    it('logs an outage once, whatever is asked', async () => {
      const there = await fake.newTable();
      const log = new Log();
      const store = open({ options: { max_attempts: 1 } }, log, there);
      await fake.rule({ action: { throttle: true } });
      for (let index = 0; index < 3; index += 1) {
        assert.equal(await asked(store.get, FEATURES, 'a'), null);
      }
      assert.deepEqual((await asked(store.all, FEATURES)) ?? {}, {});
      assert.equal(await asked(store.initialized), false);
      assert.equal(await asked(store.isStoreAvailable), false);
      assert.equal(log.of('error').length, 1);
      assert.match(log.of('error')[0], /^reading features:a: /);
      const failure = await asked(store.upsert, FEATURES, flag('a', 1));
      assert.equal(failure.name, 'ThrottledError');
      assert.match(log.of('error')[1], /features:a was not stored/);
      await fake.control('reset', {});
      assert.equal(await asked(store.upsert, FEATURES, flag('a', 1)), undefined);
    });

    it('does not keep a failed read for the length of its cache', async () => {
      const there = await fake.newTable();
      const row = { version: { N: '1' }, item: { S: JSON.stringify(flag('a', 1)) } };
      await there.put('features', 'a', row);
      const store = open({ cacheTTL: 60, options: { max_attempts: 1 } }, silent, there);
      await fake.rule({ action: { throttle: true } });
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      await asked(store.all, FEATURES);
      await fake.control('reset', {});
      assert.equal((await asked(store.get, FEATURES, 'a')).version, 1);
    });

    it('keeps what it has read for fifteen seconds unless it is told otherwise', async (context) => {
      const there = await fake.newTable();
      await there.put('features', 'a', { version: { N: '1' }, item: { S: JSON.stringify(flag('a', 1)) } });
      let now = Date.now();
      context.mock.method(Date, 'now', () => now);
      for (const [cacheTTL, seconds] of [
        [undefined, 15],
        [null, 15],
        [3, 3],
      ]) {
        const store = open({ cacheTTL }, silent, there);
        await fake.control('reset', {});
        const counted = [];
        for (const later of [0, seconds * 1000 - 100, 200]) {
          now += later;
          await asked(store.get, FEATURES, 'a');
          counted.push(await fake.requests('GetItem'));
        }
        assert.deepEqual(counted, [1, 1, 2], `cacheTTL ${cacheTTL}`);
      }
    });

    it('does nothing after close, and says so', async () => {
      const store = open();
      store.close();
      assert.equal(await asked(store.get, FEATURES, 'a'), null);
      assert.equal(await asked(store.isStoreAvailable), false);
    });
  });
}

describe('the stores below the caching wrappers', () => {
  const { InternalStore } = require('../dist/launchdarkly/internal_store.js');
  const { prepare } = require('../dist/launchdarkly/opening.js');
  const { PersistentStore } = require('../dist/launchdarkly/persistent_store.js');
  const { Table } = require('../dist/launchdarkly/table.js');
  let there, table;

  before(async () => {
    there = await engine.newTable();
    table = new Table(prepare(there.name, optionsFor(there))(silent), silent);
  });
  after(() => table.close());

  it('of the new SDK write a deletion that has no text', async () => {
    const store = new PersistentStore(table);
    await new Promise((resolve) => store.upsert(FEATURES, 'gone', { version: 3, deleted: true }, resolve));
    const { deleted, key, version } = JSON.parse((await there.row('features', 'gone')).item.S);
    assert.deepEqual({ deleted, key, version }, { deleted: true, key: 'gone', version: 3 });
  });

  it('take a kind that the SDKs have not yet', async () => {
    const things = { namespace: 'things' };
    const [ofNew, ofOld] = [new PersistentStore(table), new InternalStore(table)];
    const item = { version: 1, deleted: false, serializedItem: '{"key":"a","version":1}' };
    assert.equal(await new Promise((resolve) => ofNew.upsert(things, 'a', item, resolve)), undefined);
    const all = await new Promise((resolve) => ofNew.getAll(things, resolve));
    assert.deepEqual(
      all.map(({ key, item: { serializedItem } }) => [key, serializedItem]),
      [['a', '{"key":"a","version":1}']],
    );
    assert.deepEqual(await new Promise((resolve) => ofOld.getInternal(things, 'a', resolve)), { key: 'a', version: 1 });
    assert.deepEqual(await new Promise((resolve) => ofOld.getAllInternal(things, resolve)), {
      a: { key: 'a', version: 1 },
    });
  });

  it('of the old SDK give every item its key', async () => {
    const store = new InternalStore(table);
    await there.put('features', 'short', { version: { N: '5' }, item: { S: '{"version":5,"deleted":true}' } });
    const found = await new Promise((resolve) => store.getInternal(FEATURES, 'short', resolve));
    assert.equal(found.key, 'short');
    const item = { key: 'short', version: 4 };
    const won = await new Promise((resolve) => store.upsertInternal(FEATURES, item, (_, stored) => resolve(stored)));
    assert.deepEqual([won.key, won.version], ['short', 5]);
  });
});

describe('what both stores share', () => {
  const { CachingFeatureStore } = require('../dist/launchdarkly/feature_store.js');
  const { RepeatedFailures } = require('../dist/launchdarkly/repeated_failures.js');

  it('a failure is due once a minute', (context) => {
    let now = 1;
    context.mock.method(performance, 'now', () => now);
    const failures = new RepeatedFailures();
    assert.deepEqual([failures.isDue('a'), failures.isDue('a'), failures.isDue('b')], [true, false, true]);
    now += 59_999;
    assert.equal(failures.isDue('a'), false);
    now += 1;
    assert.deepEqual([failures.isDue('a'), failures.isDue('a')], [true, false]);
  });

  it('a write is told before the next begins', async () => {
    const order = [];
    const wrapper = {
      upsert: (kind, data, callback) => {
        order.push(`${data} begins`);
        setImmediate(callback);
      },
    };
    const store = new CachingFeatureStore({}, () => ({ wrapper, core: {} }));
    const write = (name) => asked(store.upsert, FEATURES, name).then(() => order.push(`${name} is told`));
    await Promise.all([write('one'), write('two')]);
    assert.deepEqual(order, ['one begins', 'one is told', 'two begins', 'two is told']);
  });

  it('the logger is that of the options, else of the SDK', async () => {
    const [own, sdk] = [new Log(), new Log()];
    const table = await engine.newTable();
    for (const [options, context, used] of [
      [{ logger: own }, newContext(sdk), own],
      [{ logger: own }, oldContext(sdk), own],
      [{}, newContext(sdk), sdk],
      [{}, oldContext(sdk), sdk],
    ]) {
      const store = DynamoDBFeatureStore(table.name, optionsFor(table, options))(context);
      await asked(store.init, { features: {}, segments: {} });
      assert.match(used.lines.pop()[1], /^Initialized table/);
      store.close();
    }
    assert.deepEqual([own.lines, sdk.lines], [[], []]);
  });
});

describe('clients of the SDKs', () => {
  let table, folder;
  before(async () => {
    table = await engine.newTable();
    folder = mkdtempSync(join(tmpdir(), 'ld-dynamo-store-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const evaluated = async (client) => {
    await client.waitForInitialization({ timeout: 10 });
    const values = [await client.variation('a', CONTEXT, 'the default'), await client.variation('b', CONTEXT, 'none')];
    client.close();
    return values;
  };
  const options = (more) => optionsFor(table, { prefix: 'clients', ...more });
  const quiet = { sendEvents: false, logger: silent };

  it('write through it: the new one, from a file', async () => {
    const file = join(folder, 'flags.json');
    writeFileSync(file, JSON.stringify({ flags: { a: flag('a', 1, 'from a file') }, segments: {} }));
    const { FileDataSourceFactory } = require('@launchdarkly/node-server-sdk/integrations');
    const client = NewSdk.init('sdk-key', {
      ...quiet,
      featureStore: DynamoDBFeatureStore(table.name, options()),
      updateProcessor: new FileDataSourceFactory({ paths: [file] }).getFactory(),
    });
    assert.deepEqual(await evaluated(client), ['from a file', 'none']);
    assert.equal(JSON.parse((await table.row('clients:features', 'a')).item.S).version, 1);
  });

  it('write through it: the new one, from test data', async () => {
    const data = new NewSdk.integrations.TestData();
    data.update(data.flag('b').valueForAll('from test data'));
    const client = NewSdk.init('sdk-key', {
      ...quiet,
      featureStore: DynamoDBFeatureStore(table.name, options()),
      updateProcessor: data.getFactory(),
    });
    await client.waitForInitialization({ timeout: 10 });
    await data.update(data.flag('a').valueForAll('updated'));
    assert.equal(await client.variation('a', CONTEXT, 'the default'), 'updated');
    assert.deepEqual(await evaluated(client), ['updated', 'from test data']);
  });

  it('read from it in daemon mode: the new one', async () => {
    const client = NewSdk.init('sdk-key', {
      ...quiet,
      useLdd: true,
      featureStore: DynamoDBFeatureStore(table.name, options({ options: { read_only: true } })),
    });
    assert.deepEqual(await evaluated(client), ['updated', 'from test data']);
  });

  it('read from it in daemon mode: the new one, as dataSystem.persistentStore', async () => {
    const client = NewSdk.init('sdk-key', {
      ...quiet,
      dataSystem: {
        useLdd: true,
        persistentStore: DynamoDBFeatureStore(table.name, options({ cacheTTL: 30 })),
      },
    });
    assert.deepEqual(await evaluated(client), ['updated', 'from test data']);
  });

  it('read from it in daemon mode: the old one', async () => {
    const client = OldSdk.init('sdk-key', {
      ...quiet,
      useLdd: true,
      featureStore: DynamoDBFeatureStore(table.name, options()),
    });
    await client.waitForInitialization();
    assert.equal(await client.variation('a', CONTEXT, 'the default'), 'updated');
    client.close();
  });

  it('write through it: the old one, from test data', async () => {
    const { TestData } = require('launchdarkly-node-server-sdk/integrations');
    const data = TestData();
    data.update(data.flag('c').valueForAll('from the old one'));
    const client = OldSdk.init('sdk-key', {
      ...quiet,
      featureStore: DynamoDBFeatureStore(table.name, options({ prefix: 'old' })),
      updateProcessor: data,
    });
    await client.waitForInitialization();
    assert.equal(await client.variation('c', CONTEXT, 'the default'), 'from the old one');
    client.close();
    assert.ok(await table.row('old:features', 'c'));
  });

  for (const [name, sdk] of Object.entries({ new: NewSdk, old: OldSdk })) {
    it(`ask Big Segments through it: the ${name} one`, async () => {
      const prefix = `segments-${name}`;
      const writer = table.store({ prefix });
      const rule = { variation: 0, clauses: [{ attribute: '', op: 'segmentMatch', values: ['s'], negate: false }] };
      await writer.init({
        features: { a: { ...flag('a', 1, 'member'), fallthrough: { variation: 1 }, rules: [{ id: 'r', ...rule }] } },
        segments: { s: { key: 's', version: 1, unbounded: true, generation: 1, salt: 's', rules: [] } },
      });
      const changes = { included: { add: [contextHash('user-key')] } };
      await writer.bigSegmentsApplyPatch({ segmentId: 's.g1', version: 'v1', changes });
      await writer.bigSegmentsSetSynchronized(new Date());
      writer.close();
      const client = sdk.init('sdk-key', {
        ...quiet,
        useLdd: true,
        featureStore: DynamoDBFeatureStore(table.name, options({ prefix })),
        bigSegments: { store: DynamoDBBigSegmentStore(table.name, options({ prefix })) },
      });
      await client.waitForInitialization({ timeout: 10 });
      const detail = await client.variationDetail('a', CONTEXT, 'the default');
      assert.equal(detail.value, 'member');
      assert.equal(detail.reason.bigSegmentsStatus, 'HEALTHY');
      client.close();
    });
  }
});
