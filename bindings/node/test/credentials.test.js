'use strict';

const assert = require('node:assert');
const { after, before, beforeEach, describe, it, mock } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const { ConfigurationError, InvalidJsonError, NoCredentialsError, StoreClosedError } = require('ld-dynamo-store');
const { Renewal } = require('../dist/credentials.js');
const { FakeEngine, Log } = require('./engine');

const MINUTE = 60_000;

/** What `Date.now` says; Node 18 has no timers of a mock that do. */
const clock = {
  set(now) {
    this.now = now;
    mock.method(Date, 'now', () => this.now);
  },
  tick(milliseconds) {
    this.now += milliseconds;
  },
  reset: () => mock.restoreAll(),
};

const identity = (name, expiration) => ({
  accessKeyId: name,
  secretAccessKey: 'secret',
  sessionToken: 'token',
  expiration,
});

describe('credentials of a store', () => {
  let engine, table;
  before(async () => {
    engine = await FakeEngine.start();
    table = await engine.newTable();
  });
  after(() => engine.stop());

  const signer = async () => (await engine.control('headers/last')).access_key_id;

  for (const [shape, credentials] of Object.entries({
    'as the configuration has them': { access_key_id: 'plain', secret_access_key: 'secret' },
    'as the AWS SDK has them': { accessKeyId: 'plain', secretAccessKey: 'secret' },
    'that expire': identity('plain', new Date(Date.now() + 60 * MINUTE)),
    'of a provider': async () => identity('plain'),
    'of a provider that is not asynchronous': () => identity('plain'),
  })) {
    it(`may be given ${shape}`, async () => {
      const store = table.store({ credentials });
      await store.get('features', 'a');
      assert.equal(await signer(), 'plain');
      store.close();
    });
  }

  it('may be pushed', async () => {
    const store = table.store({ credentials: 'pushed' });
    await assert.rejects(store.get('features', 'a'), NoCredentialsError);
    store.setCredentials({ access_key_id: 'first', secret_access_key: 'secret' });
    await store.get('features', 'a');
    assert.equal(await signer(), 'first');
    store.setCredentials('{"access_key_id":"second","secret_access_key":"secret"}');
    await store.get('features', 'a');
    assert.equal(await signer(), 'second');
    store.setCredentials({ access_key_id: 'old', secret_access_key: 'secret', expires_ms: 1 });
    await assert.rejects(store.get('features', 'a'), (error) => error instanceof NoCredentialsError && error.retriable);
    assert.throws(() => store.setCredentials({ access_key_id: 'x' }), ConfigurationError);
    assert.throws(() => store.setCredentials('{'), InvalidJsonError);
    assert.throws(() => store.setCredentials(async () => identity('x')), /give the provider to the constructor/);
    store.close();
  });

  it('are asked for once, by whoever comes first', async () => {
    let asked = 0;
    const store = table.store({ credentials: async () => (asked++, identity('shared')) });
    assert.equal(asked, 0);
    await Promise.all(Array.from({ length: 10 }, () => store.get('features', 'a')));
    assert.equal(asked, 1);
    store.close();
  });

  it('fail the call where there are none, with the reason', async () => {
    let fails = true;
    const credentials = async () => {
      if (fails) {
        throw new Error('the sign-in is over');
      }
      return identity('late');
    };
    const store = table.store({ credentials });
    await assert.rejects(store.get('features', 'a'), (error) => {
      assert.ok(error instanceof NoCredentialsError && error.retriable);
      assert.match(error.message, /no AWS credentials came from the provider .*: Error: the sign-in is over/);
      assert.equal(error.cause.message, 'the sign-in is over');
      return true;
    });
    fails = false;
    // Asked again after a second.
    clock.set(Date.now() + 2000);
    await store.get('features', 'a');
    clock.reset();
    assert.equal(await signer(), 'late');
    store.close();
    for (const wrong of [undefined, {}, { accessKeyId: 'a' }, identity('a', new Date(NaN))]) {
      const other = table.store({ credentials: () => wrong });
      await assert.rejects(other.get('features', 'a'), NoCredentialsError);
      other.close();
    }
  });

  for (const [timeout, most] of [
    [100, 1000],
    [2 ** 40, Infinity],
    [0, Infinity],
  ]) {
    it(`are waited for as long as a call may last: operation_timeout_ms ${timeout}`, async () => {
      let give;
      const credentials = () => new Promise((resolve) => (give = resolve));
      const store = table.store({ credentials, operation_timeout_ms: timeout });
      const call = store.get('features', 'a').then(
        () => 'answered',
        (error) => error,
      );
      const ended = await Promise.race([call, sleep(300, 'waiting')]);
      if (most < Infinity) {
        assert.ok(ended instanceof NoCredentialsError && ended.retriable);
        assert.match(ended.message, /it has not answered for 100 ms$/);
      } else {
        assert.equal(ended, 'waiting');
      }
      // Whoever comes later is given what the provider found at last.
      give(identity('late'));
      await store.get('features', 'a');
      assert.equal(await signer(), 'late');
      store.close();
    });
  }

  it('that come after close are no warning', async () => {
    let give;
    const log = new Log();
    const found = [identity('first', new Date(Date.now() + 1000)), new Promise((resolve) => (give = resolve))];
    const store = table.store({ credentials: () => found.shift(), logger: log });
    await store.get('features', 'a');
    clock.set(Date.now() + 2000);
    const call = store.get('features', 'a');
    store.close();
    give(identity('late'));
    await assert.rejects(call, StoreClosedError);
    clock.reset();
    assert.deepEqual(log.lines, []);
  });

  it('are not waited for by a payload, which is taken as it is at once', async () => {
    let give;
    const store = table.store({ prefix: 'reused', credentials: () => new Promise((resolve) => (give = resolve)) });
    const item = Buffer.from('{"version":1}');
    const call = store.upsert('features', 'a', item);
    item.fill(0);
    give(identity('late'));
    assert.equal((await call).updated, true);
    assert.equal(await store.getText('features', 'a'), '{"version":1}');
    store.close();
  });

  it('do not keep a call from noticing that the store was closed', async () => {
    let give;
    const store = table.store({ credentials: () => new Promise((resolve) => (give = resolve)) });
    const call = store.get('features', 'a');
    store.close();
    give(identity('late'));
    await assert.rejects(call, (error) => error instanceof StoreClosedError);
  });

  it('are in no error, and not in what is printed of a store', async () => {
    const store = table.store({ credentials: { access_key_id: 'key', secret_access_key: 'hidden-secret' } });
    assert.doesNotMatch(require('node:util').inspect(store, { depth: 9, showHidden: true }), /hidden-secret/);
    assert.throws(
      () => table.store({ credentials: { access_key_id: 'key', secret_access_key: 'hidden-secret', more: 1 } }),
      (error) => !error.message.includes('hidden-secret'),
    );
    store.close();
  });
});

describe('the renewal of credentials', () => {
  let pushed, asked, given, log, renewal;
  beforeEach(() => {
    clock.reset();
    [pushed, asked, log] = [[], 0, new Log()];
    const provider = async () => {
      asked += 1;
      if (given instanceof Error) {
        throw given;
      }
      return given;
    };
    renewal = new Renewal(provider, (text) => pushed.push(JSON.parse(text).access_key_id), log);
    clock.set(1_700_000_000_000);
  });
  const settle = () => new Promise(setImmediate);
  const pass = async (milliseconds) => {
    clock.tick(milliseconds);
    const waiting = renewal.renew();
    await settle();
    return waiting;
  };
  const end = () => clock.reset();

  it('asks every fifteen minutes', async () => {
    given = identity('a');
    await renewal.renew();
    await pass(14 * MINUTE);
    assert.equal(asked, 1);
    given = identity('b');
    await pass(MINUTE);
    assert.deepEqual([asked, pushed], [2, ['a', 'b']]);
    given = identity('c', new Date(Date.now() + 120 * MINUTE));
    await pass(15 * MINUTE);
    assert.deepEqual([asked, pushed], [3, ['a', 'b', 'c']]);
    await pass(14 * MINUTE);
    assert.equal(asked, 3);
    await pass(MINUTE);
    assert.equal(asked, 4);
    end();
  });

  it('asks from five minutes before they expire, once a second', async () => {
    given = identity('a', new Date(Date.now() + 10 * MINUTE));
    await renewal.renew();
    await pass(4 * MINUTE);
    assert.equal(asked, 1);
    await pass(MINUTE);
    await pass(500);
    assert.equal(asked, 2);
    await pass(500);
    assert.equal(asked, 3);
    given = identity('b', new Date(Date.now() + 60 * MINUTE));
    await pass(1000);
    await pass(1000);
    assert.deepEqual([asked, pushed], [4, ['a', 'b']]);
    end();
  });

  it('goes on with what is known, and warns once a minute', async () => {
    given = identity('a', new Date(Date.now() + 10 * MINUTE));
    await renewal.renew();
    given = new Error('out of order');
    for (let second = 0; second < 59; second += 1) {
      assert.equal(await pass(second === 0 ? 6 * MINUTE : 1000), undefined);
    }
    assert.equal(asked, 60);
    assert.equal(log.of('warn').length, 1);
    assert.match(log.of('warn')[0], /were not renewed, and those that are known are used: Error: out of order/);
    await pass(2000);
    assert.equal(log.of('warn').length, 2);
    end();
  });

  it('has calls wait for as long as the library would, five seconds', async (context) => {
    const { setTimeout: real } = globalThis;
    const shortened = (callback, milliseconds, ...parameters) => real(callback, milliseconds / 1000, ...parameters);
    context.mock.method(globalThis, 'setTimeout', shortened);
    const silent = new Renewal(
      () => new Promise(() => {}),
      () => {},
      log,
    );
    await assert.rejects(silent.renew(), /it has not answered for 5000 ms$/);
    end();
  });

  it('has calls wait for new ones when the old ones have expired', async () => {
    given = identity('a', new Date(Date.now() + 10 * MINUTE));
    await renewal.renew();
    given = identity('b', new Date(Date.now() + 120 * MINUTE));
    clock.tick(11 * MINUTE);
    const waiting = renewal.renew();
    assert.ok(waiting instanceof Promise);
    await waiting;
    assert.deepEqual(pushed, ['a', 'b']);
    end();
  });
});
