'use strict';

// LaunchDarkly's own DynamoDB store for Node, as a driver of tests/cases/README.md's protocol. What it answers is what the SDK would get
// of it: an item that is deleted, or damaged, is not found. It tells failures by its logger alone: of a read, which the SDK goes on with, the
// log is the answer's message, and of any other call, which nobody hears of otherwise, it is a failure with the status -1.

const AWS = require('aws-sdk');
const LaunchDarkly = require('launchdarkly-node-server-sdk');
const kinds = require('launchdarkly-node-server-sdk/versioned_data_kind');
const { DynamoDBBigSegmentStore, DynamoDBFeatureStore } = require('launchdarkly-node-server-sdk-dynamodb');

const { requests, write } = require('./frames');

const OK = 0;
const NOT_FOUND = 1;
const FAILED = -1;

const found = value => (value === null || value === undefined ? [NOT_FOUND, null] : [OK, value]);

class Stores {
  constructor(configuration) {
    const given = JSON.parse(configuration);
    const dynamoDBClient = new AWS.DynamoDB.DocumentClient({
      endpoint: given.endpoint,
      region: 'us-east-1',
      accessKeyId: 'local',
      secretAccessKey: 'local',
    });
    const options = { dynamoDBClient, prefix: given.prefix };
    this.logged = [];
    const log = message => this.logged.push(String(message));
    this.logger = { error: log, warn: log, info() {}, debug() {} };
    this.flagStore = cacheTTL => DynamoDBFeatureStore(given.table, { ...options, cacheTTL });
    this.bigSegmentStore = DynamoDBBigSegmentStore(given.table, options);
    this.flags = this.flagStore(0)(this);
    this.bigSegments = this.bigSegmentStore(this);
  }

  /** Waits for a callback of the store's. */
  async asked(ask) {
    this.logged = [];
    return new Promise(ask);
  }

  /** The same, and throws what it has logged meanwhile, unless it has an answer all the same. */
  async told(ask) {
    const value = await this.asked(ask);
    if (this.logged.length > 0 && !value) {
      throw new Error(this.logged.join('; '));
    }
    return value;
  }

  async get(kind, key) {
    return found(await this.asked(done => this.flags.get(kinds[kind], key, done)));
  }

  async all(kind) {
    return [OK, await this.asked(done => this.flags.all(kinds[kind], done))];
  }

  async init(dataSet) {
    await this.told(done => this.flags.init(JSON.parse(dataSet), done));
    return [OK, null];
  }

  async upsert(kind, key, text) {
    const item = JSON.parse(text);
    await this.told(done =>
      item.deleted
        ? this.flags.delete(kinds[kind], key, item.version, done)
        : this.flags.upsert(kinds[kind], item, done),
    );
    return [OK, null];
  }

  async initialized() {
    return [(await this.told(done => this.flags.initialized(done))) ? OK : NOT_FOUND, null];
  }

  async big_segments_metadata() {
    const { lastUpToDate } = await this.bigSegments.getMetadata();
    return found(lastUpToDate === undefined ? null : { synchronizedOn: lastUpToDate });
  }

  async big_segments_membership(contextHash) {
    return found(await this.bigSegments.getUserMembership(contextHash));
  }

  /** What a client in daemon mode makes of each flag for each context, in this order. */
  async evaluate(keys, contexts) {
    const { logger } = this;
    const client = LaunchDarkly.init('no-sdk-key', {
      featureStore: this.flagStore(600),
      bigSegments: { store: this.bigSegmentStore },
      useLdd: true,
      sendEvents: false,
      logger,
    });
    await client.waitForInitialization();
    const details = {};
    const visitors = JSON.parse(contexts);
    for (const key of JSON.parse(keys)) {
      details[key] = [];
      for (const context of visitors) {
        const { value, variationIndex, reason } = await client.variationDetail(key, context, null);
        details[key].push([value, variationIndex, reason]);
      }
    }
    client.close();
    return [OK, details];
  }
}

async function answer(stores, [call, name, ...parameters]) {
  try {
    if (call === 'new') {
      stores[name] = new Stores(parameters[0]);
      return [String(OK), null, null, null, null];
    }
    const store = stores[name];
    store.logged = [];
    const [status, value] = await store[call](...parameters);
    const message = store.logged.length > 0 ? store.logged.join('; ') : null;
    return [String(status), value === null ? null : JSON.stringify(value), message, null, null];
  } catch (failure) {
    return [String(FAILED), null, String(failure), null, null];
  }
}

async function main() {
  const stores = {};
  for await (const request of requests(process.stdin)) {
    write(await answer(stores, request));
  }
}

main().catch(failure => {
  process.stderr.write(`${failure.stack}\n`);
  process.exitCode = 1;
});
