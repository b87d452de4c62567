/**
 * Plugs the store into LaunchDarkly's Node SDKs, in place of `@launchdarkly/node-server-sdk-dynamodb` or `launchdarkly-node-server-sdk-dynamodb`.
 *
 * Change one import, and the calls stay as they are.
 *
 * The SDK caches; the store under it keeps nothing, so that a value is never older than `cacheTTL` says. What the SDK hears of a table that cannot be
 * asked is what its interfaces have room for: the reason is logged, the same one once a minute. A row that is damaged is logged and counts as absent.
 *
 * @packageDocumentation
 */

import { DynamoDBBigSegments } from './launchdarkly/big_segment_store';
import { CachingFeatureStore } from './launchdarkly/feature_store';
import type { BigSegmentStore, ClientContext, FeatureStore } from './launchdarkly/interfaces';
import { InternalStore } from './launchdarkly/internal_store';
import { prepare, type DynamoDBOptions } from './launchdarkly/opening';
import { PersistentStore } from './launchdarkly/persistent_store';
import { newWrapper, oldWrapper } from './launchdarkly/sdk';
import { Table } from './launchdarkly/table';
import { DEFAULT_LOGGER, type Logger } from './logs';

export { UnsupportedOptionError } from './errors';
export type { BigSegmentStore, ClientContext, FeatureStore, StoredItem, StoredItems } from './launchdarkly/interfaces';
export type { DynamoDBOptions } from './launchdarkly/opening';

const DEFAULT_CACHE_TTL = 15;
const DESCRIPTION = 'DynamoDB';

/**
 * A feature store for the SDK's `featureStore`, or `dataSystem.persistentStore`.
 *
 * An `init` that failed is logged, handed to the callback as an error, and leaves the store as not initialized, so that what the table holds is served.
 *
 * @param tableName An existing table; its partition key is `namespace` and its sort key `key`, both strings.
 * @param options Those of the official store, and `options` and `library`.
 * @returns What the SDK makes the store with.
 * @throws UnsupportedOptionError An option has no counterpart here; the message says what to use. What a provider or `dynamoDBClient` tells too late for
 *   that is logged with each call.
 */
export function DynamoDBFeatureStore(
  tableName: string,
  options?: DynamoDBOptions | null,
): (context: ClientContext) => FeatureStore {
  const open = prepare(tableName, options);
  const cacheTTL = options?.cacheTTL ?? DEFAULT_CACHE_TTL;
  return (context) => {
    const logger = loggerOf(context, options);
    const table = new Table(open(logger), logger);
    if (context?.basicConfiguration === undefined) {
      return new CachingFeatureStore(table, () => {
        const core = new InternalStore(table);
        return { core, wrapper: oldWrapper(core, cacheTTL, DESCRIPTION) };
      });
    }
    return new CachingFeatureStore(table, () => {
      const core = new PersistentStore(table);
      return { core, wrapper: newWrapper(core, cacheTTL) };
    });
  };
}

/** A Big Segments store for the SDK's `bigSegments.store`; see `DynamoDBFeatureStore`. `cacheTTL` has no effect. */
export function DynamoDBBigSegmentStore(
  tableName: string,
  options?: DynamoDBOptions | null,
): (context: ClientContext) => BigSegmentStore {
  const open = prepare(tableName, options);
  return (context) => {
    const logger = loggerOf(context, options);
    return new DynamoDBBigSegments(new Table(open(logger), logger));
  };
}

function loggerOf(context: ClientContext | undefined, options: DynamoDBOptions | null | undefined): Logger {
  return options?.logger ?? context?.basicConfiguration?.logger ?? context?.logger ?? DEFAULT_LOGGER;
}
