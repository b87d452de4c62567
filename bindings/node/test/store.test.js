'use strict';

const assert = require('node:assert');
const { after, before, describe, it } = require('node:test');

const {
  contextHash,
  CorruptItemError,
  InvalidBigSegmentsError,
  InvalidDataSetError,
  InvalidJsonError,
  InvalidKeyError,
  InvalidKindError,
  InvalidUtf8Error,
  PatchOutcome,
  ReadOnlyError,
  ServiceError,
  Store,
  StoreClosedError,
  TableNotFoundError,
  ThrottledError,
  TimedOutError,
  UnreachableError,
  UpsertOutcome,
  ConfigurationError,
} = require('ld-dynamo-store');
const { Engine, FakeEngine, Log } = require('./engine');

const FLAG = { key: 'a', version: 2, on: true };

describe('a store on the embedded engine', () => {
  let engine, table, store;

  before(async () => {
    engine = await Engine.start();
    table = await engine.newTable();
    store = table.store();
  });
  after(async () => {
    store.close();
    await engine.stop();
  });

  it('writes a data set and reads it', async () => {
    assert.equal(await store.initialized(), false);
    await store.init({ features: { a: FLAG }, segments: {} });
    assert.equal(await store.initialized(), true);
    assert.deepEqual(await store.get('features', 'a'), FLAG);
    assert.deepEqual(await store.get('flags', 'a'), FLAG);
    assert.equal(await store.get('features', 'absent'), undefined);
    assert.deepEqual(await store.all('features'), { a: FLAG });
    assert.deepEqual([...(await store.allTexts('features'))], [['a', JSON.stringify(FLAG)]]);
    assert.deepEqual(await store.all('segments'), {});
    assert.deepEqual(await store.allTexts('segments'), new Map());
  });

  it('takes texts and bytes as they are', async () => {
    const text = '{"key":"ü", "version":9007199254740993,"emoji":"😀"}';
    await store.upsert('texts', 'ü', text);
    assert.equal(await store.getText('texts', 'ü'), text);
    await store.upsert('texts', 'b', Buffer.from('{"version":1}'));
    assert.equal(await store.allText('texts'), `{"b":{"version":1},"ü":${text}}`);
    assert.deepEqual(
      [...(await store.allTexts('texts'))],
      [
        ['b', '{"version":1}'],
        ['ü', text],
      ],
    );
    await store.init(Buffer.from('{"texts":{"c":{"version":1}}}'));
    assert.equal(await store.allText('texts'), '{"c":{"version":1}}');
  });

  it('keeps names that JavaScript gives a meaning', async () => {
    await store.init('{"names":{"__proto__":{"version":1},"constructor":{"version":2}}}');
    assert.deepEqual(Object.keys(await store.all('names')).sort(), ['__proto__', 'constructor']);
    assert.deepEqual([...(await store.allTexts('names')).keys()].sort(), ['__proto__', 'constructor']);
  });

  it('tells the three outcomes of an upsert', async () => {
    await store.init({ features: { a: FLAG } });
    const refused = await store.upsert('features', 'a', { ...FLAG, on: false });
    assert.equal(refused.outcome, UpsertOutcome.NOT_NEWER);
    assert.equal(refused.updated, false);
    assert.deepEqual(refused.stored, FLAG);
    const newer = await store.upsert('features', 'a', { ...FLAG, version: 3 });
    assert.equal(newer.outcome, UpsertOutcome.UPDATED);
    assert.equal(newer.updated, true);
    assert.equal(newer.stored, undefined);
    const log = new Log();
    const logging = table.store({ logger: log });
    const large = await logging.upsert('features', 'a', { version: 4, text: 'x'.repeat(400_000) });
    assert.equal(large.outcome, UpsertOutcome.TOO_LARGE);
    assert.match(log.of('error')[0], /The item "a" in "features" was too large to store/);
    logging.close();
  });

  it('returns deleted items as tombstones', async () => {
    await store.upsert('features', 'gone', { version: 7, deleted: true });
    const tombstone = await store.get('features', 'gone');
    assert.equal(tombstone.deleted, true);
    assert.equal(tombstone.version, 7);
  });

  it('refuses what the library could not take, and sends nothing', async () => {
    await assert.rejects(store.get('a\0b', 'a'), InvalidKindError);
    await assert.rejects(store.all('\ud800'), InvalidKindError);
    assert.equal(await store.get('features', 'a\0b'), undefined);
    assert.equal(await store.get('features', '\ud800'), undefined);
    await assert.rejects(store.upsert('features', 'a\0b', FLAG), InvalidKeyError);
    await assert.rejects(store.upsert('features', 'a', '{"version":1}\0'), InvalidJsonError);
    await assert.rejects(store.upsert('features', 'a', Buffer.from('{}\0')), InvalidJsonError);
    await assert.rejects(store.upsert('features', 'a', '{"version":1,"half":"\ud800"}'), InvalidJsonError);
    await assert.rejects(store.upsert('features', 'a', Buffer.from([0x7b, 0xff])), InvalidUtf8Error);
    await assert.rejects(store.init('{"features":{},"flags":{}}'), InvalidDataSetError);
    await assert.rejects(store.get(1, 'a'), TypeError);
    await assert.rejects(store.get('features', null), TypeError);
    await assert.rejects(store.upsert('features', 'a', 5), TypeError);
    const circular = {};
    circular.self = circular;
    await assert.rejects(store.init(circular), InvalidJsonError);
    // JSON has an escape for half of a surrogate pair, which objects get.
    await store.upsert('features', 'half', { version: 1, half: '\ud800' });
    assert.equal((await store.get('features', 'half')).half, '\ud800');
  });

  it('tells the argument that it refuses', async () => {
    const calls = {
      kind: () => store.upsert('\0', '\0', '{}'),
      key: () => store.upsert('features', '\0', '\0'),
      item: () => store.upsert('features', 'a', '\0'),
      data: () => store.init('\0'),
      patch: () => store.bigSegmentsApplyPatch('\0'),
      credentials: async () => store.setCredentials('\0'),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(call(), { message: `${name} has a NUL character at position 0` });
    }
    await assert.rejects(store.bigSegmentsSetSynchronized('1'), {
      message: /^when must be a number, a bigint or a Date/,
    });
    await assert.rejects(store.bigSegmentsMembership(1), { message: /^contextHash must be a string/ });
  });

  it('refuses objects of which JSON would make an empty one, which would empty the table', async () => {
    await store.init({ features: { a: FLAG } });
    const other = table.store({ prefix: 'emptied' });
    const data = { features: { a: FLAG } };
    for (const wrong of [
      Promise.resolve(data),
      { then() {} },
      new Map(Object.entries(data)),
      new Set(),
      new TextEncoder().encode(JSON.stringify(data)).buffer,
      new DataView(new ArrayBuffer(2)),
      { features: new Map(Object.entries(data.features)) },
      { segments: {}, features: Promise.resolve(data.features) },
    ]) {
      await assert.rejects(other.init(wrong), TypeError);
    }
    await assert.rejects(store.init({ features: new Map() }), /^TypeError: data\.features must be .*, not Map$/);
    await assert.rejects(store.upsert('features', 'a', Promise.resolve(FLAG)), TypeError);
    await assert.rejects(store.bigSegmentsApplyPatch(new Map()), TypeError);
    await assert.rejects(store.init({ toJSON() {} }), InvalidJsonError);
    assert.equal(await other.initialized(), false);
    assert.deepEqual(await store.all('features'), { a: FLAG });
    other.close();
  });

  it('leaves damaged rows out, and logs them', async () => {
    await table.put('damaged', 'a', { version: { N: '1' }, item: { S: 'no JSON' } });
    await table.put('damaged', 'b', { version: { N: '1' }, item: { S: '{"version":1}' } });
    const log = new Log();
    const logging = table.store({ logger: log });
    await assert.rejects(logging.get('damaged', 'a'), CorruptItemError);
    assert.deepEqual(await logging.all('damaged'), { b: { version: 1 } });
    assert.equal(log.of('error').length, 1);
    logging.close();
  });

  it('reads and writes Big Segments', async () => {
    const member = contextHash('user-key');
    assert.equal(member.length, 44);
    const patch = {
      environmentId: 'environment',
      segmentId: 'segment.g1',
      version: 'v1',
      previousVersion: '',
      changes: { included: { add: [member], remove: [] }, excluded: { add: [], remove: [] } },
    };
    assert.equal(await store.bigSegmentsMetadata(), undefined);
    assert.equal(await store.bigSegmentsCursor(), undefined);
    assert.equal(await store.bigSegmentsMembership(member), undefined);
    assert.equal(await store.bigSegmentsMembership('\0'), undefined);
    assert.equal(await store.bigSegmentsApplyPatch(patch), PatchOutcome.APPLIED);
    assert.equal(await store.bigSegmentsApplyPatch(JSON.stringify(patch)), PatchOutcome.OUT_OF_ORDER);
    assert.equal(await store.bigSegmentsCursor(), 'v1');
    assert.deepEqual(await store.bigSegmentsMembership(member), { 'segment.g1': true });
    for (const when of [new Date(1_700_000_000_000), 1_700_000_000_000, 1_700_000_000_000n]) {
      await store.bigSegmentsSetSynchronized(when);
      assert.deepEqual(await store.bigSegmentsMetadata(), { synchronizedOn: 1_700_000_000_000 });
    }
    for (const when of [1.5, NaN, new Date(NaN), -1, 2n ** 63n]) {
      await assert.rejects(store.bigSegmentsSetSynchronized(when), InvalidBigSegmentsError);
    }
    await assert.rejects(store.bigSegmentsSetSynchronized('1'), TypeError);
    await assert.rejects(store.bigSegmentsApplyPatch({}), InvalidBigSegmentsError);
  });

  it('hashes a context as LaunchDarkly does', () => {
    const { createHash } = require('node:crypto');
    assert.equal(contextHash('zoë'), createHash('sha256').update('zoë').digest('base64'));
    assert.equal(contextHash('a', { library: null }), contextHash('a'));
    assert.throws(() => contextHash('a\0'), InvalidKeyError);
    assert.throws(() => contextHash('\0'), /^InvalidKeyError: key has a NUL character at position 0$/);
    assert.throws(() => contextHash(7), /^TypeError: key must be a string, not number$/);
  });

  it('tells what is wrong with a table or a setting', async () => {
    const missing = new Store('no-such-table', table.settings);
    await assert.rejects(missing.get('features', 'a'), (error) => {
      assert.ok(error instanceof TableNotFoundError && error instanceof ServiceError && error instanceof Error);
      assert.equal(error.serviceCode, 'ResourceNotFoundException');
      assert.equal(error.code, 'TABLE_NOT_FOUND');
      assert.equal(error.retriable, false);
      assert.match(String(error), /^TableNotFoundError: .*no-such-table/);
      return true;
    });
    assert.equal(await missing.available(), false);
    missing.close();
    assert.throws(() => table.store({ reed_only: true }), { name: 'ConfigurationError', message: /reed_only/ });
    assert.throws(() => table.store({ max_attempts: 'many' }), ConfigurationError);
    assert.throws(() => new Store(), ConfigurationError);
    new Store('table', null).close();
    assert.throws(() => Store.fromJson('{'), InvalidJsonError);
    const reader = table.store({ read_only: true, prefix: null });
    await assert.rejects(reader.init({}), ReadOnlyError);
    reader.close();
  });

  it('reads what the cache knows without a thread, and tells what it counted', async () => {
    const cached = table.store({ cache_ttl_ms: 60_000 });
    await cached.get('features', 'a');
    const { requests } = cached.stats();
    for (let index = 0; index < 10; index += 1) {
      await cached.get('features', 'a');
    }
    assert.equal(cached.stats().requests, requests);
    assert.equal(cached.stats().hits, 10);
    assert.ok(await cached.initialized());
    assert.ok(await cached.initialized());
    await cached.all('features');
    assert.ok((await cached.all('features')).a);
    cached.close();
  });

  it('makes many calls at once', async () => {
    await store.init({ many: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, { version: n }])) });
    const items = await Promise.all(Array.from({ length: 200 }, (_, n) => store.get('many', `k${n % 100}`)));
    assert.deepEqual(
      items.map(({ version }) => version),
      Array.from({ length: 200 }, (_, n) => n % 100),
    );
  });

  it('answers no call after close, and calls made before', async () => {
    const closing = table.store();
    const calls = Array.from({ length: 50 }, () => closing.get('features', 'a'));
    assert.equal(closing.closed, false);
    closing.close();
    closing.close();
    assert.equal(closing.closed, true);
    assert.equal((await Promise.all(calls)).length, 50);
    await assert.rejects(closing.get('features', 'a'), StoreClosedError);
    await assert.rejects(closing.available(), StoreClosedError);
    assert.throws(() => closing.stats(), StoreClosedError);
    assert.equal(closing.library.abi[0], 1);
  });
});

describe('a store on an endpoint that fails', () => {
  let engine, table;

  before(async () => {
    engine = await FakeEngine.start();
    table = await engine.newTable();
  });
  after(() => engine.stop());

  it('loses no row that DynamoDB leaves unprocessed', async () => {
    await engine.rule({ times: 3, action: { unprocessed: { fraction: 0.5 } } });
    const store = table.store();
    await store.init({ features: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}`, { version: 1 }])) });
    assert.equal(Object.keys(await store.all('features')).length, 60);
    assert.ok(store.stats().unprocessed_rows > 0);
    store.close();
  });

  it('tells that it was throttled', async () => {
    await engine.rule({ match: { operation: 'GetItem' }, action: { throttle: true } });
    const store = table.store({ max_attempts: 2 });
    await assert.rejects(store.get('features', 'f1'), (error) => error instanceof ThrottledError && error.retriable);
    assert.equal(await store.available(), false);
    store.close();
    await engine.control('reset', {});
  });

  it('ends in time where nobody answers, and answers others meanwhile', async () => {
    await engine.rule({ match: { contains: 'silent' }, action: { black_hole: true } });
    const store = table.store({ attempt_timeout_ms: 300, operation_timeout_ms: 600 });
    const waiting = assert.rejects(store.get('features', 'silent'), TimedOutError);
    assert.deepEqual(await store.get('features', 'f1'), { version: 1 });
    await waiting;
    store.close();
    await engine.control('reset', {});
  });

  it('serves the last value where the table cannot be asked', async () => {
    const other = await FakeEngine.start();
    const there = await other.newTable();
    await there.put('features', 'a', { version: { N: '1' }, item: { S: '{"version":1}' } });
    const stale = there.store({ cache_ttl_ms: 1, stale_on_error: true, max_attempts: 1 });
    const strict = there.store({ max_attempts: 1 });
    await stale.get('features', 'a');
    await other.stop();
    assert.deepEqual(await stale.get('features', 'a'), { version: 1 });
    await assert.rejects(strict.get('features', 'a'), (error) => error instanceof UnreachableError && error.retriable);
    stale.close();
    strict.close();
  });
});

describe('the text of a data set in parts', () => {
  const { encoded, partsOfItems, partsOfText } = require('../dist/data_set.js');
  const text = async (parts) => Buffer.concat(await encoded(parts)).toString();

  it('is the text', async () => {
    for (const part of ['', 'x', '😀'.repeat(200_000), `x${'😀'.repeat(200_000)}`, 'ü'.repeat(300_000)]) {
      assert.ok((await text(partsOfText(part))) === part);
    }
  });

  it('is made of kinds and items', async () => {
    const kinds = (data) => partsOfItems(Object.entries(data), ([kind, items]) => [kind, Object.entries(items)]);
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k"${index}`, `{"version":${index}}`]));
    for (const data of [
      {},
      { a: {} },
      { a: {}, b: {} },
      { a: { x: '1' }, b: {} },
      { a: {}, b: { x: '1' } },
      { a: many, b: many },
    ]) {
      const parsed = Object.entries(data).map(([kind, items]) => [
        kind,
        Object.fromEntries(Object.entries(items).map(([key, item]) => [key, JSON.parse(item)])),
      ]);
      assert.deepEqual(JSON.parse(await text(kinds(data))), Object.fromEntries(parsed));
    }
  });

  it('lets a large data set be written', async () => {
    const engine = await FakeEngine.start();
    const store = (await engine.newTable()).store();
    const flags = Object.fromEntries(
      Array.from({ length: 700 }, (_, n) => [`k${n}`, { version: 1, text: '😀'.repeat(500) }]),
    );
    await store.init({ features: flags });
    assert.deepEqual(await store.all('features'), flags);
    store.close();
    await engine.stop();
  });
});
