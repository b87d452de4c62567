'use strict';

// Compares this package with LaunchDarkly's own store, as the SDK calls them without its cache, in one run on one engine:
//
//     node benchmarks/compare.js [--flags 2000] [--rounds 5]
//
// Needs the built fake-dynamodb. Times are wall clock and CPU of this process, its threads included; the engine is another process and the same for
// both, and rounds take turns.

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { parseArgs } = require('node:util');

const { DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');
const { PersistentDataStoreWrapper } = require('@launchdarkly/node-server-sdk');
const { FakeEngine } = require('../test/engine');
const { asked, FEATURES } = require('../test/sdk');
const official = require('./official');

const { values } = parseArgs({
  options: { flags: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
});
const [FLAGS, ROUNDS] = [Number(values.flags), Number(values.rounds)];
const CALLS = 300;
const HELD_FLAGS = 10_000;

/** A flag of about 0.9 KB. */
function flag(number, version = 1) {
  const country = { attribute: 'country', op: 'in', values: Array.from({ length: 32 }, (_, n) => `value-${n}`) };
  return {
    key: `flag-${number}`,
    version,
    on: true,
    prerequisites: [],
    targets: [],
    rules: [{ id: `rule-${number}`, variation: 0, clauses: [{ ...country, negate: false }], trackEvents: false }],
    fallthrough: { variation: 0 },
    offVariation: 1,
    variations: [true, false],
    salt: '0123456789abcdef0123456789abcdef',
    trackEvents: false,
    debugEventsUntilDate: 1,
  };
}

const dataSet = (count) => ({
  features: Object.fromEntries(Array.from({ length: count }, (_, number) => [`flag-${number}`, flag(number)])),
  segments: {},
});

const failing = { error: fail, warn() {}, info() {}, debug() {} };
function fail(message) {
  throw new Error(message);
}

async function measured(call) {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await call();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (user + system) / 1000 };
}

const median = (numbers) => numbers.sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

/** Medians of both, whose rounds take turns after one that does not count. */
async function inTurns(makers) {
  const rounds = makers.map(() => []);
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, make] of makers.entries()) {
      const call = await make(round);
      globalThis.gc?.();
      const cost = await measured(call);
      if (round >= 0) {
        rounds[index].push(cost);
      }
    }
  }
  return rounds.map((costs) => ({
    wall: median(costs.map(({ wall }) => wall)),
    cpu: median(costs.map(({ cpu }) => cpu)),
  }));
}

const repeated = (call) => async () => {
  for (let index = 0; index < CALLS; index += 1) {
    await call(index);
  }
};

async function rowsFor(table, latency) {
  const kinds = [
    { make: DynamoDBFeatureStore, contextOf: official.contextOf, prefix: `ours-${latency}` },
    { make: official.DynamoDBFeatureStore, contextOf: official.contextOf, prefix: `official-${latency}` },
  ];
  const data = dataSet(FLAGS);
  const open = ({ make, contextOf, prefix }) =>
    make(table.name, { clientOptions: table.engine.clientOptions, prefix, cacheTTL: 0 })(contextOf(failing));
  const stores = kinds.map(open);
  const fresh = kinds.map((kind) => async (round) => {
    const store = open({ ...kind, prefix: `${kind.prefix}-fresh-${round}` });
    return async () => {
      await asked((...parameters) => store.init(...parameters), data);
      store.close();
    };
  });
  for (const store of stores) {
    await asked((...parameters) => store.init(...parameters), data);
  }
  const of = (call) => stores.map((store) => async (round) => () => call(store, round));
  const ask = (store, method, ...parameters) => asked((...all) => store[method](...all), ...parameters);
  const rows = [
    ['init of an empty table', fresh],
    ['init, unchanged', of((store) => ask(store, 'init', data))],
    ['getAll', of((store) => ask(store, 'all', FEATURES))],
    [`get, ${CALLS} in turn`, of((store) => repeated(() => ask(store, 'get', FEATURES, 'flag-1'))())],
    [
      `get, ${CALLS} at once`,
      of((store) => Promise.all(Array.from({ length: CALLS }, () => ask(store, 'get', FEATURES, 'flag-1')))),
    ],
    [
      `upsert, ${CALLS} in turn`,
      of((store, round) => repeated((index) => ask(store, 'upsert', FEATURES, flag(2, (round + 2) * CALLS + index)))()),
    ],
    [`upsert refused, ${CALLS} in turn`, of((store) => repeated(() => ask(store, 'upsert', FEATURES, flag(1, 0)))())],
  ];
  const measuredRows = [];
  for (const [name, makers] of rows) {
    measuredRows.push([name, ...(await inTurns(makers))]);
  }
  stores.forEach((store) => store.close());
  return measuredRows;
}

function print(latency, rows) {
  console.log(`\n${FLAGS.toLocaleString('en')} flags, ${latency} ms\n`);
  console.log('| call | ours: ms, ms CPU | official: ms, ms CPU | ratio, CPU ratio |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const [name, ours, other] of rows) {
    const cells = [ours, other].map(({ wall, cpu }) => `${wall.toFixed(1)}, ${cpu.toFixed(1)}`);
    const ratios = `${(ours.wall / other.wall).toFixed(2)}, ${(ours.cpu / other.cpu).toFixed(2)}`;
    console.log(`| ${name} | ${cells.join(' | ')} | ${ratios} |`);
  }
}

/** How long the event loop is held, at most, while something goes on; in milliseconds. */
async function longestHold(call) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  histogram.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await call();
  await new Promise((resolve) => setTimeout(resolve, 20));
  histogram.disable();
  return histogram.max / 1e6;
}

async function holds(table) {
  const data = dataSet(HELD_FLAGS);
  const open = (make, prefix) =>
    make(table.name, { clientOptions: table.engine.clientOptions, prefix, cacheTTL: 0 })(official.contextOf(failing));
  const stores = [open(DynamoDBFeatureStore, 'held-ours'), open(official.DynamoDBFeatureStore, 'held-official')];
  const direct = table.store({ prefix: 'held-direct' });
  // What the SDK itself does before any store: it sorts, and makes JSON of each item.
  const wrapper = new PersistentDataStoreWrapper({ init: (allData, callback) => callback(), close() {} }, 0);
  const rounds = { stringify: [], direct: [], text: [], wrapper: [], ours: [], official: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.stringify.push((await measured(() => JSON.stringify(data))).wall);
    rounds.direct.push(await longestHold(() => direct.init(data)));
    const text = Buffer.from(JSON.stringify(data));
    rounds.text.push(await longestHold(() => direct.init(text)));
    rounds.wrapper.push(await longestHold(() => asked((...all) => wrapper.init(...all), data)));
    for (const [index, name] of ['ours', 'official'].entries()) {
      rounds[name].push(await longestHold(() => asked((...all) => stores[index].init(...all), data)));
    }
  }
  [...stores, direct].forEach((store) => store.close());
  console.log(`\nThe longest hold of the event loop, init of ${HELD_FLAGS.toLocaleString('en')} flags, ms\n`);
  console.log(
    "| JSON.stringify of them | Store.init of an object | of bytes | the SDK's wrapper alone | adapter | official |",
  );
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  console.log(
    `| ${Object.values(rounds)
      .map((times) => median(times).toFixed(1))
      .join(' | ')} |`,
  );
}

async function main() {
  const engine = await FakeEngine.start();
  await engine.control('logging', { enabled: false });
  const table = await engine.newTable();
  const store = table.store();
  console.log(
    `library ${store.library.version}, Node ${process.version}, ${official.name}, medians of ${ROUNDS} rounds`,
  );
  console.log('Limits: init unchanged 0.45; getAll 1; CPU of get in turn 0.30; upsert refused 0.60.');
  store.close();
  for (const latency of [5, 0]) {
    await engine.control('latency', { ms: latency });
    print(latency, await rowsFor(table, latency));
  }
  await holds(table);
  await engine.stop();
}

main();
