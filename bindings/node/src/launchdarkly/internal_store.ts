// What launchdarkly-node-server-sdk 6 and 7 call the underlying store of their CachingStoreWrapper: items are objects.

import { partsOfText } from '../data_set';
import { decode, UpsertOutcome } from '../items';
import type { DataKind, StoredItem, StoredItems } from './interfaces';
import { FAILED, type Table } from './table';

interface KeyedItem extends StoredItem {
  key: string;
}

/** The old SDK's uncached store interface over one table. Its `close` does nothing: the store around it may take another one. */
export class InternalStore {
  /** Why the last write failed. */
  failure: Error | undefined;
  /** Answers the read that begins now, where it fails, past the wrapper and its cache. */
  answerPast: (() => void) | undefined;
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  initInternal(allData: Record<string, StoredItems>, callback: () => void): void {
    void this.#table.init(partsOfText(JSON.stringify(allData))).then((failure) => {
      this.failure = failure;
      callback();
    });
  }

  getInternal(kind: DataKind, key: string, callback: (item: StoredItem | null | undefined) => void): void {
    const failed = this.answerPast ?? (() => callback(undefined));
    void this.#table.get(kind.namespace, key).then((text) => {
      if (text === FAILED) {
        failed();
      } else {
        callback(text === undefined ? null : itemOf(text, kind, key));
      }
    });
  }

  getAllInternal(kind: DataKind, callback: (items: StoredItems | null) => void): void {
    void this.#table.all(kind.namespace).then((text) => callback(typeof text === 'string' ? JSON.parse(text) : null));
  }

  upsertInternal(
    kind: DataKind,
    item: KeyedItem,
    callback: (failure: Error | null, stored: StoredItem | null) => void,
  ): void {
    void this.#table.upsert(kind.namespace, item.key, JSON.stringify(item)).then((result) => {
      this.failure = undefined;
      if (result instanceof Error) {
        this.failure = result;
        callback(result, null);
      } else if (result.outcome === UpsertOutcome.UPDATED) {
        callback(null, item);
      } else if (result.storedText !== undefined) {
        callback(null, itemOf(result.storedText, kind, item.key));
      } else {
        // Too large: the table keeps what it had.
        this.getInternal(kind, item.key, (stored) => {
          callback(stored === undefined ? new Error('the stored item is not known') : null, stored ?? null);
        });
      }
    });
  }

  initializedInternal(callback: (isInitialized: boolean) => void): void {
    void this.#table.initialized().then(callback);
  }

  close(): void {}
}

function itemOf(text: string, kind: DataKind, key: string): StoredItem {
  const item = decode(text, kind.namespace, key);
  // Some writers leave the key out of tombstones.
  item['key'] ??= key;
  return item;
}
