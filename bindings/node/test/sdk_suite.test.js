'use strict';

// LaunchDarkly's own tests of stores, which launchdarkly-node-server-sdk brings.

const { after, before } = require('node:test');

const { DynamoDBBigSegmentStore, DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');
const { Engine } = require('./engine');
const { install } = require('./jest_stand_in');
const { optionsFor } = require('./sdk');

install();
const {
  runBigSegmentStoreTests,
  runPersistentFeatureStoreTests,
} = require('launchdarkly-node-server-sdk/sharedtest/store_tests');

let engine, table;
before(async () => {
  engine = await Engine.start();
  table = await engine.newTable();
});
after(() => engine.stop());

const startOf = (prefix) => (prefix ? `${prefix}:` : '');

async function clear(prefix) {
  for (const row of await table.rows()) {
    if (row.namespace.S.startsWith(startOf(prefix))) {
      await table.remove(row);
    }
  }
}

globalThis.describe('feature store', () => {
  runPersistentFeatureStoreTests(
    (prefix, cacheTTL, logger) => DynamoDBFeatureStore(table.name, optionsFor(table, { prefix, cacheTTL }))({ logger }),
    clear,
  );
});

globalThis.describe('Big Segments store', () => {
  runBigSegmentStoreTests(
    (prefix, logger) => DynamoDBBigSegmentStore(table.name, optionsFor(table, { prefix }))({ logger }),
    clear,
    (prefix, { lastUpToDate }) => {
      const name = `${startOf(prefix)}big_segments_metadata`;
      return table.put(name, name, { synchronizedOn: { N: String(lastUpToDate) } });
    },
    (prefix, hash, included, excluded) => {
      const sets = Object.entries({ included, excluded }).filter(([, set]) => set.length > 0);
      const attributes = Object.fromEntries(sets.map(([name, set]) => [name, { SS: set }]));
      return table.put(`${startOf(prefix)}big_segments_user`, hash, attributes);
    },
  );
});
