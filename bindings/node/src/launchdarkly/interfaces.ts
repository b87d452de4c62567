// What the SDKs call, as far as both have it: @launchdarkly/node-server-sdk 9, and launchdarkly-node-server-sdk 6 and 7. Their own types are not
// imported, since either may not be installed.

import type { Logger } from '../logs';

/** A kind of data, such as flags. */
export interface DataKind {
  readonly namespace: string;
}

/** An item as the SDK holds it. */
export interface StoredItem {
  version: number;
  deleted?: boolean;
  [attribute: string]: any;
}

export type StoredItems = Record<string, StoredItem>;

/** What a factory of a store is called with: the context of the new SDK, or the options of the old one. */
export interface ClientContext {
  basicConfiguration?: { logger?: Logger };
  logger?: Logger;
}

/** A feature store, as both SDKs take it. */
export interface FeatureStore {
  /** The callback gets a `StoredItem`, or null; the old SDK's types do not know of the latter. */
  get(kind: object, key: string, callback: (item: any) => void): void;
  all(kind: object, callback: (items: StoredItems) => void): void;
  init(allData: object, callback: (failure?: Error) => void): void;
  upsert(kind: object, data: object, callback: (failure?: Error) => void): void;
  delete(kind: object, key: string, version: number | string, callback: () => void): void;
  initialized(callback: (isInitialized: boolean) => void): void;
  isStoreAvailable(callback: (isAvailable: boolean) => void): void;
  close(): void;
  getDescription(): string;
}

/** A Big Segments store, as both SDKs take it. */
export interface BigSegmentStore {
  getMetadata(): Promise<{ lastUpToDate?: number }>;
  getUserMembership(userHash: string): Promise<Record<string, boolean> | undefined>;
  close(): void;
}

/** What the SDK's caching wrappers have in common. */
export interface CachingWrapper {
  get(kind: object, key: string, callback: (item: StoredItem | null) => void): void;
  all(kind: object, callback: (items: StoredItems) => void): void;
  init(allData: object, callback: () => void): void;
  upsert(kind: object, data: object, callback: () => void): void;
  initialized(callback: (isInitialized: boolean) => void): void;
  close(): void;
}
