'use strict';

// Reads and changes a data set in a DynamoDB table through ld-dynamo-store.
//
//     ENDPOINT=http://127.0.0.1:8000 TABLE=my-table node main.js [../flags.json]
//
// With a file, writes its data set first. Without ENDPOINT it uses the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of
// every row.

const { readFileSync } = require('node:fs');
const { basename } = require('node:path');

const { Store, StoreError } = require('ld-dynamo-store');

/** The store on the table that the environment names. */
function openStore() {
  const { TABLE: table, PREFIX: prefix, ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: key } = process.env;
  const logger = {
    error: console.error,
    warn: console.error,
    info: (message) => console.error(`ld_dynamo_store: ${message}`),
    debug() {},
  };
  if (endpoint === undefined || key !== undefined) {
    return new Store(table, { prefix, endpoint, logger });
  }
  // A local engine takes any credentials and any region.
  const credentials = { access_key_id: 'local', secret_access_key: 'local' };
  return new Store(table, {
    prefix,
    endpoint,
    region: 'us-east-1',
    credentials,
    logger,
  });
}

/** Shows what each call of the store does. */
async function main(store, file) {
  console.log(`library ${store.library.version}, table ${process.env.TABLE}`);
  if (file !== undefined) {
    console.log(`initialized before: ${await store.initialized()}`);
    await store.init(readFileSync(file));
    console.log(`init wrote ${basename(file)}; initialized now: ${await store.initialized()}`);
  }

  const [flags, segments] = await Promise.all([store.all('features'), store.all('segments')]);
  console.log(`all: ${Object.keys(flags).length} flags and ${Object.keys(segments).length} segments`);

  const key = Object.keys(flags).find((one) => !flags[one].deleted);
  if (key === undefined) {
    throw new Error('there is no flag: load some, by naming a file');
  }
  const flag = await store.get('features', key);
  console.log(`get ${key}: version ${flag.version}, on: ${flag.on}`);
  console.log(`get no-such-flag: ${await store.get('features', 'no-such-flag')}`);

  const newer = { ...flag, on: !flag.on, version: flag.version + 1 };
  console.log(`upsert version ${newer.version}: ${(await store.upsert('features', key, newer)).outcome}`);

  const refused = await store.upsert('features', key, flag);
  console.log(`upsert version ${flag.version}: ${refused.outcome}, version ${refused.stored.version} stays`);
}

if (process.argv.length > 3 || process.env.TABLE === undefined) {
  console.error('usage: TABLE=my-table node main.js [../flags.json]');
  process.exit(1);
}
const store = openStore();
main(store, process.argv[2])
  .catch((failure) => {
    const about = failure instanceof StoreError ? `status ${failure.status}, retriable: ${failure.retriable}: ` : '';
    console.error(about + failure.message);
    process.exitCode = 1;
  })
  .finally(() => store.close());
