'use strict';

// Evaluates flags with LaunchDarkly's Node SDK, which reads them from a DynamoDB table through ld-dynamo-store.
//
//     ENDPOINT=http://127.0.0.1:8000 TABLE=my-table node evaluate.js
//
// The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table. Without ENDPOINT it uses the
// table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.

const { basicLogger, init } = require('@launchdarkly/node-server-sdk');
const { DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');

const VISITOR = {
  kind: 'user',
  key: 'user-5150',
  name: 'a visitor from Greece',
  country: 'GR',
};
const EMPLOYEE = {
  kind: 'user',
  key: 'zoë.müller',
  name: 'an employee in Austria',
  country: 'AT',
};
const CUSTOMER = {
  kind: 'user',
  key: 'user-0007',
  name: 'a gold customer',
  country: 'DE',
  loyalty: { tier: 'gold' },
};

const QUESTIONS = [
  ['home-greeting', VISITOR, 'Hello!'],
  ['home-greeting', EMPLOYEE, 'Hello!'],
  ['checkout-redesign', VISITOR, 'control'],
  ['checkout-redesign', EMPLOYEE, 'control'],
  ['pricing-loyalty-discount', VISITOR, 0],
  ['pricing-loyalty-discount', CUSTOMER, 0],
  ['account-deletion-flow', VISITOR, false],
  ['guest-checkout', VISITOR, false],
  ['seasonal-gift-wrap', VISITOR, 'the default'],
];

/** The SDK's client on the table that the environment names. */
function openClient() {
  const { TABLE: table, PREFIX: prefix, ENDPOINT: endpoint } = process.env;
  const featureStore = DynamoDBFeatureStore(table, {
    prefix,
    clientOptions: { endpoint },
    // A service in daemon mode needs no more than GetItem and Query.
    options: { read_only: true },
  });
  return init('no-sdk-key', {
    featureStore,
    useLdd: true,
    sendEvents: false,
    logger: basicLogger({ level: 'warn' }),
  });
}

/** Why the SDK came to a value, in one word or two. */
function text({ kind, errorKind, prerequisiteKey, ruleIndex }) {
  const extra = errorKind ?? prerequisiteKey ?? ruleIndex;
  return extra === undefined ? kind : `${kind} ${extra}`;
}

/** Prints what each context gets, and why. */
async function main() {
  const client = openClient();
  await client.waitForInitialization({ timeout: 10 });
  for (const [flag, context, otherwise] of QUESTIONS) {
    const { value, reason } = await client.variationDetail(flag, context, otherwise);
    console.log(`${flag} for ${context.name}: ${JSON.stringify(value)} (${text(reason)})`);
  }
  client.close();
}

if (process.argv.length > 2 || process.env.TABLE === undefined) {
  console.error('usage: TABLE=my-table node evaluate.js');
  process.exit(1);
}
main();
