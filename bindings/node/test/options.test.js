'use strict';

const assert = require('node:assert');
const https = require('node:https');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { after, before, describe, it } = require('node:test');

const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { NodeHttpHandler } = require('@smithy/node-http-handler');
const { ConfigurationError, Store, UnsupportedOptionError } = require('ld-dynamo-store');
const { DynamoDBBigSegmentStore, DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');
const { translate } = require('../dist/launchdarkly/client_options.js');
const { translateClient } = require('../dist/launchdarkly/existing_client.js');
const { allowEveryAttempt } = require('../dist/launchdarkly/request_handler.js');
const { Engine, FakeEngine, Log, REGION, repository } = require('./engine');
const { asked, FEATURES, flag, newContext, oldContext } = require('./sdk');
const { notFreed, stub, stubStore } = require('./stub');

const settingsOf = async ({ settings, later }) =>
  Object.assign({}, settings, ...(await Promise.all(later.map((find) => find()))));
const translated = async (options) => settingsOf(translate(options));

describe('options of a client', () => {
  it('are translated', async () => {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const cases = [
      [{}, {}],
      [{ region: 'eu-west-1', endpoint: undefined, tls: null }, { region: 'eu-west-1' }],
      [{ region: async () => 'eu-west-1' }, { region: 'eu-west-1' }],
      [{ endpoint: 'http://host:1' }, { endpoint: 'http://host:1' }],
      [{ endpoint: new URL('http://host:1/') }, { endpoint: 'http://host:1/' }],
      [{ endpoint: { protocol: 'http:', hostname: 'host', port: 1, path: '/' } }, { endpoint: 'http://host:1/' }],
      [{ endpoint: async () => ({ url: new URL('https://host/') }) }, { endpoint: 'https://host/' }],
      [{ credentials }, { credentials }],
      [{ accessKeyId: 'a', secretAccessKey: 'b' }, { credentials: { ...credentials, sessionToken: undefined } }],
      [{ profile: 'p' }, { profile: 'p' }],
      [{ maxAttempts: 5 }, { max_attempts: 5 }],
      [{ maxAttempts: async () => 5 }, { max_attempts: 5 }],
      [{ maxRetries: 5 }, { max_attempts: 6 }],
      [{ retryMode: 'adaptive' }, { retry_mode: 'adaptive' }],
      [{ tls: true, sslEnabled: true, useFipsEndpoint: false, useDualstackEndpoint: async () => false }, {}],
      [{ apiVersion: 'latest' }, {}],
      [{ apiVersion: '2012-08-10' }, {}],
      [
        { requestHandler: { connectionTimeout: 100, requestTimeout: 500, httpsAgent: { maxSockets: 5 } } },
        { connect_timeout_ms: 100, attempt_timeout_ms: 600 },
      ],
      [
        { requestHandler: new NodeHttpHandler({ connectionTimeout: 100 }) },
        { connect_timeout_ms: 100, attempt_timeout_ms: 2100 },
      ],
      [{ requestHandler: new NodeHttpHandler({ httpsAgent: new https.Agent({ keepAlive: true }) }) }, {}],
      [{ httpOptions: { connectTimeout: 100, timeout: 500 } }, { connect_timeout_ms: 100, attempt_timeout_ms: 600 }],
      [{ httpOptions: { proxy: 'http://proxy:3128' } }, { proxy: 'http://proxy:3128' }],
    ];
    for (const [options, settings] of cases) {
      assert.deepEqual(await translated(options), settings);
    }
  });

  it('that have no counterpart are refused by name', async () => {
    class ProxyAgent extends https.Agent {}
    const cases = [
      [{ somethingNew: 1 }, 'clientOptions.somethingNew is not supported; leave it out'],
      [{ logger: console }, 'clientOptions.logger is not supported; give logger beside clientOptions'],
      [{ retryStrategy: {} }, 'clientOptions.retryStrategy is not supported; use maxAttempts and retryMode'],
      [{ read_only: true }, 'clientOptions.read_only is not supported; give it in options'],
      [{ prefix: 'p' }, 'clientOptions.prefix is not supported; give it beside clientOptions'],
      [{ retryMode: 'legacy' }, 'clientOptions.retryMode "legacy" is not supported; use "standard" or "adaptive"'],
      [{ tls: false }, 'clientOptions.tls is not supported; give endpoint with "http://"'],
      [{ useFipsEndpoint: async () => true }, 'clientOptions.useFipsEndpoint is not supported; give the FIPS address'],
      [{ apiVersion: '2011-12-05' }, 'clientOptions.apiVersion is not supported'],
      [{ endpoint: {} }, 'clientOptions.endpoint is not supported; give the address as a text'],
      [{ requestHandler: { handle() {} } }, 'clientOptions.requestHandler is not supported; give the timeouts'],
      [{ requestHandler: { maxStreams: 1 } }, 'clientOptions.requestHandler.maxStreams is not supported'],
      [
        { requestHandler: new NodeHttpHandler({ httpsAgent: new ProxyAgent() }) },
        'clientOptions.requestHandler.httpsAgent is not supported; give a file of root certificates as ca_bundle, or the address',
      ],
      [
        { httpOptions: { agent: new https.Agent({ ca: 'PEM' }) } },
        'clientOptions.httpOptions.agent.ca is not supported',
      ],
      [
        { requestHandler: { httpAgent: new ProxyAgent() } },
        'clientOptions.requestHandler.httpAgent is not supported; give a file of root certificates as ca_bundle, or the address',
      ],
      [
        { requestHandler: { httpsAgent: new https.Agent({ rejectUnauthorized: false }) } },
        'clientOptions.requestHandler.httpsAgent.rejectUnauthorized is not supported',
      ],
    ];
    for (const [options, message] of cases) {
      await assert.rejects(translated(options), (error) => {
        assert.ok(error instanceof UnsupportedOptionError, String(error));
        assert.ok(error.message.startsWith(message), error.message);
        return true;
      });
    }
  });

  it('let a whole call last as long as its attempts may', () => {
    assert.deepEqual(allowEveryAttempt({ attempt_timeout_ms: 3000 }), {
      attempt_timeout_ms: 3000,
      operation_timeout_ms: 9000,
    });
    assert.deepEqual(allowEveryAttempt({ max_attempts: 10 }), { max_attempts: 10, operation_timeout_ms: 20000 });
    assert.deepEqual(allowEveryAttempt({ max_attempts: 2 }), { max_attempts: 2 });
    assert.deepEqual(allowEveryAttempt({}), {});
  });
});

describe('options of the stores', () => {
  for (const make of [DynamoDBFeatureStore, DynamoDBBigSegmentStore]) {
    it(`are looked at by ${make.name} at once`, () => {
      const cases = [
        [{ clientOptions: { logger: console } }, /^clientOptions\.logger /],
        [{ cacheTtl: 1 }, /^cacheTtl is not supported; did you mean cacheTTL\?/],
        [{ tableName: 't' }, /^tableName is not supported; the options are clientOptions, /],
        [{ options: { cache_ttl_ms: 1 } }, /^options\.cache_ttl_ms is not supported; the SDK caches: use cacheTTL/],
        [{ options: { context_cache_size: 1 } }, /userCacheSize/],
        [{ options: { context_cache_ttl_ms: 1 } }, /userCacheTime/],
        [{ options: { prefix: 'p' } }, /^options\.prefix is not supported; give it beside options/],
        [{ options: { table: 't' } }, /^options\.table is not supported; it is the first argument/],
        [{ dynamoDBClient: {} }, /^dynamoDBClient is not supported; give a DynamoDBClient of the AWS SDK/],
      ];
      for (const [options, message] of cases) {
        assert.throws(() => make('table', options), { name: 'UnsupportedOptionError', message });
      }
      assert.throws(() => make(), TypeError);
      assert.throws(() => make('table', { options: { reed_only: true } })(newContext()), /reed_only/);
      make('table', { options: { cache_ttl_ms: 0, read_only: true } })(newContext()).close();
      make('table', null)(newContext()).close();
    });

    it(`reach the library as ${make.name} was told`, () => {
      const observer = stubStore();
      const told = (options, contextOf = newContext) => {
        make('table', { library: stub(), ...options })(contextOf()).close();
        return observer.stats().configuration;
      };
      const defaults = { table: 'table', init_timeout_ms: 30_000, cache_ttl_ms: 0, context_cache_ttl_ms: 0 };
      assert.deepEqual(told({}), defaults);
      assert.deepEqual(told({}, oldContext), defaults);
      assert.deepEqual(told({ prefix: 'p', clientOptions: { region: 'r', maxAttempts: 5 } }), {
        ...defaults,
        prefix: 'p',
        region: 'r',
        max_attempts: 5,
        operation_timeout_ms: 10_000,
      });
      const options = { init_timeout_ms: 500, max_attempts: 2, read_only: true };
      assert.deepEqual(told({ clientOptions: { maxAttempts: 5 }, options }), {
        ...defaults,
        ...options,
        operation_timeout_ms: 10_000,
      });
      for (const [given, expected] of [
        [0, 0],
        [300_000, 300_000],
        [null, 30_000],
        [undefined, 30_000],
      ]) {
        assert.equal(told({ options: { init_timeout_ms: given } }).init_timeout_ms, expected);
      }
      observer.close();
    });
  }

  it('of a store of its own are those of the library', () => {
    const store = stubStore();
    assert.deepEqual(store.stats().configuration, { table: 'table' });
    store.close();
  });

  it('are refused where another place has them', () => {
    assert.throws(() => new Store('table', { table: 'other' }), { name: 'UnsupportedOptionError', message: /^table / });
    assert.throws(() => Store.fromJson('{"table":"table"}', { prefix: 'p' }), {
      name: 'UnsupportedOptionError',
      message: /^prefix is not supported; give it in the text/,
    });
    const store = Store.fromJson('{"table":"table","prefix":"p"}', { library: stub(), logger: null });
    assert.deepEqual(store.stats().configuration, { table: 'table', prefix: 'p' });
    store.close();
  });

  it('are refused where JSON has no text for them, and would leave the default', () => {
    const cases = [
      [{ init_timeout_ms: Infinity }, /^init_timeout_ms .*Infinity/],
      [{ cache_ttl_ms: NaN }, /^cache_ttl_ms .*NaN/],
      [{ region: async () => 'eu-west-1' }, /^region .*function/],
      [{ max_attempts: 3n }, /^max_attempts .*bigint/],
      [
        { credentials: { access_key_id: () => 'hidden', secret_access_key: 'hidden' } },
        /^credentials.access_key_id .*function/,
      ],
    ];
    for (const [settings, message] of cases) {
      assert.throws(
        () => new Store('table', settings),
        (error) => {
          assert.ok(error instanceof ConfigurationError, String(error));
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /hidden/);
          return true;
        },
      );
    }
  });
});

describe('a client of the AWS SDK', () => {
  let engine, table, fake;
  before(async () => {
    engine = await Engine.start();
    table = await engine.newTable();
    fake = await FakeEngine.start();
  });
  after(async () => {
    await engine.stop();
    await fake.stop();
  });

  const store = async (dynamoDBClient, contextOf, prefix) => {
    const made = DynamoDBFeatureStore(table.name, { dynamoDBClient, prefix, cacheTTL: 0 })(contextOf());
    assert.equal(await asked(made.init, { features: { a: flag('a', 1) }, segments: {} }), undefined);
    assert.equal((await asked(made.get, FEATURES, 'a')).version, 1);
    made.close();
  };

  it('of version 3 tells region, endpoint, credentials, attempts and timeouts', async () => {
    const requestHandler = { connectionTimeout: 100, requestTimeout: 400 };
    const client = new DynamoDBClient({
      ...engine.clientOptions,
      maxAttempts: 2,
      retryMode: 'adaptive',
      requestHandler,
    });
    const { credentials, ...settings } = await settingsOf(translateClient(client));
    const endpoint = `${engine.endpoint}/`;
    const expected = { region: REGION, endpoint, max_attempts: 2, retry_mode: 'adaptive' };
    assert.deepEqual(settings, { ...expected, connect_timeout_ms: 100, attempt_timeout_ms: 500 });
    assert.equal((await credentials()).accessKeyId, 'local');
    await store(client, newContext, 'version-3');
    client.destroy();
  });

  it('of version 3 that is to use another address is refused', async () => {
    const client = new DynamoDBClient({ region: REGION, useFipsEndpoint: true });
    await assert.rejects(settingsOf(translateClient(client)), /dynamoDBClient\.useFipsEndpoint/);
    const log = new Log();
    const made = DynamoDBFeatureStore('table', { dynamoDBClient: client })(newContext(log));
    assert.equal(await asked(made.initialized), false);
    assert.match(log.of('error')[0], /dynamoDBClient\.useFipsEndpoint is not supported/);
    made.close();
  });

  it('of version 2 tells the same, as a client and as a DocumentClient', async () => {
    process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
    const AWS = createRequire(join(repository, 'target/interop/node/package.json'))('aws-sdk');
    const options = {
      endpoint: engine.endpoint,
      region: REGION,
      accessKeyId: 'local',
      secretAccessKey: 'local',
      maxRetries: 1,
    };
    for (const [client, prefix] of [
      [new AWS.DynamoDB.DocumentClient(options), 'document'],
      [new AWS.DynamoDB(options), 'client'],
    ]) {
      const { credentials, ...settings } = await settingsOf(translateClient(client));
      assert.deepEqual(settings, { region: REGION, endpoint: `${engine.endpoint}/`, max_attempts: 2 });
      assert.equal((await credentials()).accessKeyId, 'local');
      await store(client, oldContext, prefix);
    }
  });

  it('of version 2 may have credentials that are refreshed', async () => {
    const AWS = createRequire(join(repository, 'target/interop/node/package.json'))('aws-sdk');
    class Refreshed extends AWS.Credentials {
      expired = true;
      refresh(callback) {
        const expireTime = new Date(Date.now() + 3_600_000);
        Object.assign(this, { accessKeyId: 'refreshed', secretAccessKey: 'secret', sessionToken: 'token', expireTime });
        this.expired = false;
        callback();
      }
    }
    class Failing extends AWS.Credentials {
      expired = true;
      refresh(callback) {
        callback(new Error('no sign-in'));
      }
    }
    const there = await fake.newTable();
    const open = (credentials, log) => {
      const clientOptions = { endpoint: fake.endpoint, region: REGION, credentials };
      return DynamoDBFeatureStore(there.name, { clientOptions, cacheTTL: 0 })(oldContext(log));
    };
    for (const [credentials, name] of [
      [new Refreshed(), 'refreshed'],
      [new AWS.Credentials('fixed', 'secret'), 'fixed'],
    ]) {
      const made = open(credentials);
      assert.equal(await asked(made.isStoreAvailable), true);
      assert.equal((await fake.control('headers/last')).access_key_id, name);
      made.close();
    }
    const { expiration } = await translate({ credentials: new Refreshed() }).settings.credentials();
    assert.ok(expiration > Date.now());
    const log = new Log();
    const made = open(new Failing(), log);
    assert.equal(await asked(made.get, FEATURES, 'a'), null);
    assert.match(log.of('error')[0], /no sign-in/);
    made.close();
  });

  it('opens nothing after close, and what it was opening is closed', async () => {
    const { stores } = notFreed();
    let give;
    const options = { clientOptions: { region: () => new Promise((resolve) => (give = resolve)) }, library: stub() };
    const log = new Log();
    const made = DynamoDBFeatureStore('table', options)(newContext(log));
    const waiting = asked(made.get, FEATURES, 'a');
    made.close();
    give(REGION);
    assert.equal(await waiting, null);
    const unused = DynamoDBFeatureStore('table', options)(newContext(log));
    unused.close();
    assert.equal(await asked(unused.get, FEATURES, 'a'), null);
    assert.equal(notFreed().stores, stores);
    assert.deepEqual(log.lines, []);
  });

  it('signs with what its provider finds', async () => {
    const { endpoint } = fake;
    const there = await fake.newTable();
    const credentials = async () => ({ accessKeyId: 'provided', secretAccessKey: 'secret' });
    const client = new DynamoDBClient({ endpoint, region: REGION, credentials });
    const segments = DynamoDBBigSegmentStore(there.name, { dynamoDBClient: client })(newContext());
    assert.deepEqual(await segments.getMetadata(), {});
    assert.equal((await fake.control('headers/last')).access_key_id, 'provided');
    segments.close();
    client.destroy();
  });

  it('is looked at again where something could not be found', async () => {
    let fails = true;
    const region = async () => {
      if (fails) {
        throw new Error('no region yet');
      }
      return REGION;
    };
    const log = new Log();
    const made = DynamoDBFeatureStore(table.name, { clientOptions: { ...engine.clientOptions, region }, cacheTTL: 0 })(
      newContext(log),
    );
    assert.equal(await asked(made.get, FEATURES, 'a'), null);
    assert.match(log.of('error')[0], /no region yet/);
    fails = false;
    assert.equal(await asked(made.isStoreAvailable), true);
    made.close();
  });
});
