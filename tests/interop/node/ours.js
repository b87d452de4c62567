'use strict';

// This library's adapter in LaunchDarkly's SDK for Node, as a driver of tests/cases/README.md's protocol: it writes a data set, and evaluates.

const LaunchDarkly = require('@launchdarkly/node-server-sdk');
const { DynamoDBBigSegmentStore, DynamoDBFeatureStore } = require('../../../bindings/node/dist/launchdarkly');

const { requests, write } = require('./frames');

const OK = 0;
const FAILED = -1;
const SILENT = { error() {}, warn() {}, info() {}, debug() {} };

/** The feature store and the Big Segments store of a table. */
function adapters(configuration) {
  const { table, prefix, endpoint } = JSON.parse(configuration);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const options = { prefix, clientOptions: { endpoint, region: 'us-east-1', credentials } };
  return { flags: DynamoDBFeatureStore(table, options), bigSegments: DynamoDBBigSegmentStore(table, options) };
}

async function init({ flags }, dataSet) {
  const store = flags({ basicConfiguration: { logger: SILENT } });
  const failure = await new Promise(done => {
    store.init(JSON.parse(dataSet), done);
  });
  store.close();
  if (failure) {
    throw failure;
  }
  return null;
}

/** What a client in daemon mode makes of each flag for each context, in this order. */
async function evaluate({ flags, bigSegments }, keys, contexts) {
  const client = LaunchDarkly.init('no-sdk-key', {
    featureStore: flags,
    bigSegments: { store: bigSegments },
    useLdd: true,
    sendEvents: false,
    logger: SILENT,
  });
  await client.waitForInitialization({ timeout: 10 });
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
  return JSON.stringify(details);
}

const CALLS = { init, evaluate };

async function main() {
  const stores = {};
  for await (const [call, name, ...parameters] of requests(process.stdin)) {
    try {
      if (call === 'new') {
        stores[name] = adapters(parameters[0]);
        write([String(OK), null, null, null, null]);
      } else {
        write([String(OK), await CALLS[call](stores[name], ...parameters), null, null, null]);
      }
    } catch (failure) {
      write([String(FAILED), null, String(failure), null, null]);
    }
  }
}

main().catch(failure => {
  process.stderr.write(`${failure.stack}\n`);
  process.exitCode = 1;
});
