// The interface PersistentDataStore of @launchdarkly/node-server-sdk: items go through it as the texts they are stored as.

import { partsOfItems } from '../data_set';
import { UpsertOutcome } from '../items';
import type { DataKind } from './interfaces';
import { FAILED, type Table } from './table';

interface SerializedItem {
  version: number;
  deleted: boolean;
  serializedItem?: string;
}

interface KeyedItem {
  key: string;
  item: SerializedItem;
}

/** A data set, in the order in which the SDK would have it written. */
type AllData = { key: DataKind; item: KeyedItem[] }[];

/** The SDK's uncached store interface over one table. Its `close` does nothing: the store around it may take another one. */
export class PersistentStore {
  /** Why the last write failed. */
  failure: Error | undefined;
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  init(allData: AllData, callback: (failure?: Error) => void): void {
    void this.#table.init(dataSet(allData)).then((failure) => {
      this.failure = failure;
      callback(failure);
    });
  }

  get(kind: DataKind, key: string, callback: (item: SerializedItem | undefined) => void): void {
    void this.#table
      .get(kind.namespace, key)
      .then((text) => callback(typeof text === 'string' ? serialized(text) : undefined));
  }

  getAll(kind: DataKind, callback: (items: KeyedItem[] | undefined) => void): void {
    void this.#table.allTexts(kind.namespace).then((texts) => {
      if (texts === FAILED || texts === undefined) {
        callback(undefined);
        return;
      }
      callback(Array.from(texts, ([key, text]) => ({ key, item: serialized(text) })));
    });
  }

  upsert(
    kind: DataKind,
    key: string,
    item: SerializedItem,
    callback: (failure?: Error, stored?: SerializedItem) => void,
  ): void {
    void this.#table.upsert(kind.namespace, key, textOf(key, item)).then((result) => {
      this.failure = undefined;
      if (result instanceof Error) {
        this.failure = result;
        callback(result);
      } else if (result.outcome === UpsertOutcome.UPDATED) {
        callback(undefined, item);
      } else if (result.storedText !== undefined) {
        callback(undefined, serialized(result.storedText));
      } else {
        // Too large: the table keeps what it had, and so does the SDK's cache.
        callback();
      }
    });
  }

  initialized(callback: (isInitialized: boolean) => void): void {
    void this.#table.initialized().then(callback);
  }

  isStoreAvailable(callback: (isAvailable: boolean) => void): void {
    void this.#table.available().then(callback);
  }

  close(): void {}

  getDescription(): string {
    return 'DynamoDB';
  }
}

/** As the interface wants it of a store that does not look into its items: the SDK finds version and deletion in the text. */
function serialized(text: string): SerializedItem {
  return { version: 0, deleted: false, serializedItem: text };
}

function textOf(key: string, { version, serializedItem }: SerializedItem): string {
  return serializedItem ?? JSON.stringify({ key, version, deleted: true });
}

function dataSet(allData: AllData): Iterable<string> {
  return partsOfItems(allData, ({ key: { namespace }, item: items }) => [
    namespace,
    items.map(({ key, item }) => [key, textOf(key, item)]),
  ]);
}
