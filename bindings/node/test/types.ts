// Compiled, not run: what users write in TypeScript.

import { init, type LDOptions } from '@launchdarkly/node-server-sdk';
import { init as initOld, type LDOptions as OldOptions } from 'launchdarkly-node-server-sdk';
import {
  contextHash,
  load,
  PatchOutcome,
  STATUSES,
  Store,
  StoreError,
  UpsertOutcome,
  type Item,
  type Library,
  type StoreOptions,
} from 'ld-dynamo-store';
import { DynamoDBBigSegmentStore, DynamoDBFeatureStore, type DynamoDBOptions } from 'ld-dynamo-store/launchdarkly';

const options: StoreOptions = {
  prefix: 'p',
  credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b', expiration: new Date() }),
  logger: console,
  log_level: 'debug',
};

export async function direct(): Promise<void> {
  const store = new Store('table', options);
  const item: Item | undefined = await store.get('features', 'a');
  const version: number | undefined = item?.version;
  const result = await store.upsert('features', 'a', { key: 'a', version: (version ?? 0) + 1 });
  if (result.outcome === UpsertOutcome.NOT_NEWER) {
    console.log(result.stored?.version);
  }
  const outcome: PatchOutcome = await store.bigSegmentsApplyPatch({ segmentId: 's.g1', version: 'v1' });
  console.log(outcome, contextHash('key'));
  try {
    await store.init({ features: { a: { key: 'a', version: 1 } }, segments: {} });
  } catch (error) {
    if (error instanceof StoreError && error.status === STATUSES.TIMED_OUT) {
      console.log(error.retriable, error.serviceCode, error.code);
    }
  }
  const library: Library = load();
  console.log(library.version);
  store.close();
}

// @ts-expect-error There is no such setting.
export const wrong: StoreOptions = { reed_only: true };

const adapter: DynamoDBOptions = { prefix: 'p', cacheTTL: 30, options: { read_only: true } };
const newOptions: LDOptions = {
  featureStore: DynamoDBFeatureStore('table', adapter),
  bigSegments: { store: DynamoDBBigSegmentStore('table', adapter) },
};
const dataSystem: LDOptions = { dataSystem: { persistentStore: DynamoDBFeatureStore('table') } };
const oldOptions: OldOptions = { featureStore: DynamoDBFeatureStore('table', adapter) };

export const clients = [init('sdk-key', newOptions), init('sdk-key', dataSystem), initOld('sdk-key', oldOptions)];
