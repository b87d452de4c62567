import type { CachingWrapper, FeatureStore, StoredItem, StoredItems } from './interfaces';
import type { Table } from './table';

/** A wrapper that caches, and the store under it, which tells why its last write failed. */
export interface Wrapped {
  wrapper: CachingWrapper;
  core: { failure: Error | undefined; answerPast?: (() => void) | undefined };
}

type Callback = (failure?: Error) => void;

/**
 * A feature store over the SDK's own caching wrapper.
 *
 * The wrapper takes a data set that could not be written for written: it caches it and counts as initialized. So a wrapper whose `init` has failed
 * is given up for a new one, and the callback gets the error. Writes wait for each other here, so that none is left in the old one. Methods keep their
 * store where they are called without it, as those of the official store do.
 */
export class CachingFeatureStore implements FeatureStore {
  /** The name of this kind of store in the old SDK's diagnostic events. */
  readonly description = 'DynamoDB';
  readonly #table: Table;
  readonly #wrap: () => Wrapped;
  readonly #writes: (() => void)[] = [];
  #wrapped: Wrapped;

  constructor(table: Table, wrap: () => Wrapped) {
    this.#table = table;
    this.#wrap = wrap;
    this.#wrapped = wrap();
  }

  readonly get = (kind: object, key: string, callback: (item: StoredItem | null) => void): void => {
    const { wrapper, core } = this.#wrapped;
    // The old SDK's wrapper keeps whatever it is answered with, and would keep a failed read as an absent item.
    core.answerPast = () => callback(null);
    wrapper.get(kind, key, callback);
    core.answerPast = undefined;
  };

  readonly all = (kind: object, callback: (items: StoredItems) => void): void => {
    this.#wrapped.wrapper.all(kind, callback);
  };

  readonly init = (allData: object, callback?: Callback): void => {
    this.#write('the data set was not stored', callback, (done) => {
      const { wrapper, core } = this.#wrapped;
      wrapper.init(allData, () => {
        if (core.failure !== undefined) {
          this.#giveUpWrapper();
        }
        done(core.failure);
      });
    });
  };

  readonly upsert = (kind: object, data: object, callback?: Callback): void => {
    this.#write('an item was not stored', callback, (done) => {
      const { wrapper, core } = this.#wrapped;
      wrapper.upsert(kind, data, () => done(core.failure));
    });
  };

  readonly delete = (kind: object, key: string, version: number | string, callback?: Callback): void => {
    this.upsert(kind, { key, version, deleted: true }, callback);
  };

  readonly initialized = (callback: (isInitialized: boolean) => void): void => {
    this.#wrapped.wrapper.initialized(callback);
  };

  readonly isStoreAvailable = (callback: (isAvailable: boolean) => void): void => {
    void this.#table.available().then(callback);
  };

  readonly close = (): void => {
    this.#wrapped.wrapper.close();
    this.#table.close();
  };

  readonly getDescription = (): string => {
    return this.description;
  };

  #giveUpWrapper(): void {
    this.#wrapped.wrapper.close();
    this.#wrapped = this.#wrap();
  }

  #write(what: string, callback: Callback | undefined, write: (done: Callback) => void): void {
    this.#writes.push(() => {
      let isOver = false;
      const done = (failure?: Error): void => {
        isOver = true;
        this.#writes.shift();
        if (this.#writes.length > 0) {
          // As the SDK's own queue: what follows must not delay the callback of what is done.
          setImmediate(() => this.#writes[0]?.());
        }
        callback?.(failure);
      };
      try {
        write(done);
      } catch (failure) {
        if (isOver) {
          throw failure;
        }
        // The wrapper could not make JSON of it, and would begin nothing after it.
        this.#giveUpWrapper();
        done(this.#table.notStored(what, failure));
      }
    });
    if (this.#writes.length === 1) {
      this.#writes[0]?.();
    }
  }
}
