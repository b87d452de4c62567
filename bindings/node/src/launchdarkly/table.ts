// One table as both SDKs' stores see it: an outage and a damaged row are logged, the same one once a minute.

import { CorruptItemError, StoreClosedError } from '../errors';
import type { UpsertResult } from '../items';
import { log, type Logger } from '../logs';
import { LOG_LEVELS } from '../statuses';
import type { Store } from '../store';
import type { Opening } from './opening';
import { RepeatedFailures } from './repeated_failures';

/** What could not be read, because the table could not be asked. */
export const FAILED = Symbol('failed');

export class Table {
  readonly #opening: Opening;
  readonly #logger: Logger;
  readonly #failures = new RepeatedFailures();
  #closed = false;

  constructor(opening: Opening, logger: Logger) {
    this.#opening = opening;
    this.#logger = logger;
  }

  /** The text of one item, tombstones included. */
  get(namespace: string, key: string): Promise<string | undefined | typeof FAILED> {
    return this.#read(`reading ${namespace}:${key}`, (store) => store.getText(namespace, key));
  }

  /** The text of one object with every item. */
  all(namespace: string): Promise<string | undefined | typeof FAILED> {
    return this.#read(`reading all ${namespace}`, (store) => store.allText(namespace));
  }

  /** The text of each item by key. */
  allTexts(namespace: string): Promise<Map<string, string> | undefined | typeof FAILED> {
    return this.#read(`reading all ${namespace}`, (store) => store.allTexts(namespace));
  }

  /** Whether the table holds a full data set; false if it cannot be asked. */
  async initialized(): Promise<boolean> {
    const found = await this.#read('whether the table is initialized is unknown, taken as no', (store) =>
      store.initialized(),
    );
    return found === true;
  }

  /** Whether the table answers now. */
  async available(): Promise<boolean> {
    const found = await this.#read('asking whether the table answers', (store) => store.available());
    return found === true;
  }

  /** Writes a data set; the error where that failed, which is logged. */
  async init(parts: Iterable<string>): Promise<Error | undefined> {
    const done = await this.#write('the data set was not stored', async (store) => void (await store.initParts(parts)));
    return done instanceof Error ? done : undefined;
  }

  /** Stores an item; the error where that failed, which is logged. */
  upsert(namespace: string, key: string, item: string): Promise<UpsertResult | Error> {
    return this.#write(`${namespace}:${key} was not stored`, (store) => store.upsert(namespace, key, item));
  }

  /** Logs that a write failed; returns why. */
  notStored(what: string, failure: unknown): Error {
    log(this.#logger, LOG_LEVELS.ERROR, `${what}: ${messageOf(failure)}`);
    return failure instanceof Error ? failure : new Error(String(failure));
  }

  /** What a call answers; a damaged row is logged and counts as absent. */
  async orAbsent<Result>(call: (store: Store) => Promise<Result>): Promise<Result | undefined> {
    try {
      return await call(await this.#opening.store());
    } catch (failure) {
      if (!(failure instanceof CorruptItemError)) {
        throw failure;
      }
      if (this.#failures.isDue(failure.message)) {
        log(this.#logger, LOG_LEVELS.ERROR, failure.message);
      }
      return undefined;
    }
  }

  close(): void {
    this.#closed = true;
    this.#opening.close();
  }

  async #read<Result>(
    what: string,
    call: (store: Store) => Promise<Result>,
  ): Promise<Result | undefined | typeof FAILED> {
    try {
      return await this.orAbsent(call);
    } catch (failure) {
      // By class, because the text of one and the same outage may name other keys, addresses and times.
      const name = failure instanceof Error ? failure.name : typeof failure;
      if (!(failure instanceof StoreClosedError && this.#closed) && this.#failures.isDue(name)) {
        log(this.#logger, LOG_LEVELS.ERROR, `${what}: ${messageOf(failure)}`);
      }
      return FAILED;
    }
  }

  async #write<Result>(what: string, call: (store: Store) => Promise<Result>): Promise<Result | Error> {
    try {
      return await call(await this.#opening.store());
    } catch (failure) {
      return this.notStored(what, failure);
    }
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
