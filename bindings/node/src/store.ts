import { setImmediate as nextTurn } from 'node:timers/promises';

import { addon, type Addon, type Answer, type NativeStore, type Outcome, type Text } from './addon';
import { failure, statusOf, textOf } from './answers';
import { isImpossible, millisecondsArgument, payloadArgument, refuseEmptied, textArgument } from './arguments';
import {
  PatchOutcome,
  type BigSegmentsMembership,
  type BigSegmentsMetadata,
  type BigSegmentsPatch,
} from './big_segments';
import { encoded, isLong, partsOfText } from './data_set';
import { Renewal, type CredentialsProvider, type ExpiringCredentials } from './credentials';
import { ConnectivityError, ServiceError, StoreClosedError, ThrottledError, UnsupportedOptionError } from './errors';
import { decode, UpsertOutcome, UpsertResult, type DataSet, type Item, type Items } from './items';
import { load, type Library } from './library';
import { DEFAULT_LOGGER, receiver } from './logs';
import { configuration, type StoreOptions, type Surroundings } from './options';
import { STATUSES } from './statuses';

/** How a store is made from a text. */
const FROM_TEXT = Symbol('from text');

interface Opening extends Surroundings {
  [FROM_TEXT]: string;
}

/**
 * A handle on one table and prefix.
 *
 * Making a store opens no connection and starts no thread; the first call connects. Close it when it is not needed any more. Every method that
 * asks the table gives a promise, which never waits on the event loop's thread or on libuv's: a store has threads of its own, 16 at most, started
 * when they are needed and ended after ten idle seconds. What the cache knows is answered without one. A promise is rejected with a `StoreError` of
 * the class that fits the cause. A store serves the thread that made it: a worker makes its own.
 *
 * A kind is `"features"` (or its alias `"flags"`), `"segments"`, or a name of your own. Items are JSON objects with an integer `version`. Deleted
 * items are tombstones: objects with `"deleted": true`, returned as they are.
 *
 * @example
 * const store = new Store('my-table', { prefix: 'my-environment', region: 'eu-west-1' });
 * const flag = await store.get('features', 'my-flag');
 * store.close();
 */
export class Store {
  readonly #addon: Addon = addon();
  readonly #library: Library;
  readonly #native: NativeStore;
  readonly #renewal: Renewal | undefined;
  #closed = false;

  /**
   * Opens a store.
   *
   * @param table Name of the table; its partition key is `namespace` and its sort key `key`, both strings.
   * @param options Settings of the library, and `logger` and `library`.
   * @throws ConfigurationError A setting is unknown, mistyped or contradicts another; the message names it.
   * @throws LibraryError The native library was not found or does not fit.
   */
  constructor(table: string, options?: StoreOptions | null);
  constructor(table: string, options?: StoreOptions | Opening | null) {
    const { logger, library, ...settings }: StoreOptions | Opening = options ?? {};
    let text: string;
    let provider: CredentialsProvider | undefined;
    let mostWait: number | undefined;
    if (FROM_TEXT in settings) {
      text = settings[FROM_TEXT];
    } else {
      ({ text, provider, mostWait } = configuration(table, settings));
    }
    textArgument(text, 'INVALID_JSON', 'configuration');
    this.#library = load(library ?? undefined);
    const opened = this.#addon.open(this.#library.native, text, receiver(logger ?? DEFAULT_LOGGER));
    if ('status' in opened) {
      throw failure(opened);
    }
    this.#native = opened;
    if (provider !== undefined) {
      this.#renewal = new Renewal(
        provider,
        (credentials) => this.setCredentials(credentials),
        logger ?? DEFAULT_LOGGER,
        mostWait,
      );
    }
  }

  /**
   * Opens a store with the native library's own configuration text, also with keys that this package does not know.
   *
   * @param text A JSON object; its keys are `table` and those of the constructor's options.
   * @param options `logger` and `library`.
   */
  static fromJson(text: string, options: Surroundings = {}): Store {
    const { logger, library, ...others } = options;
    const [name] = Object.keys(others);
    if (name !== undefined) {
      throw new UnsupportedOptionError(name, 'give it in the text');
    }
    return new Store('', { logger, library, [FROM_TEXT]: text } as StoreOptions);
  }

  /** One item, or undefined if there is none. A deleted item is a tombstone with `"deleted": true`.
   *
   * A key that DynamoDB cannot hold is not asked for: the answer is undefined. Integers beyond 2^53 lose digits, as always in JavaScript:
   * `getText` keeps them.
   *
   * @throws CorruptItemError The row's `item` is not a JSON object.
   * @throws StoreError The table could not be asked.
   */
  async get(kind: string, key: string): Promise<Item | undefined> {
    const text = await this.getText(kind, key);
    return text === undefined ? undefined : decode(text, kind, key);
  }

  /** As `get`, but the JSON text as it is stored, byte for byte. */
  async getText(kind: string, key: string): Promise<string | undefined> {
    const store = this.#open();
    const kindText = textArgument(kind, 'INVALID_KIND', 'kind');
    if (isImpossible(key)) {
      return undefined;
    }
    const keyText = textArgument(key, 'INVALID_KEY', 'key');
    const known = this.#addon.getCached(store, kindText, keyText);
    if (!isNotCached(known)) {
      return textOf(known);
    }
    return textOf(await this.#call(() => this.#addon.get(store, kindText, keyText)));
  }

  /** Every item of a kind by key, tombstones included; corrupt rows are left out and logged.
   *
   * @throws StoreError The table could not be asked.
   */
  async all(kind: string): Promise<Items> {
    return JSON.parse(await this.allText(kind)) as Items;
  }

  /** As `all`, but the text of one JSON object. */
  async allText(kind: string): Promise<string> {
    const store = this.#open();
    const kindText = textArgument(kind, 'INVALID_KIND', 'kind');
    const known = this.#addon.allCached(store, kindText);
    const answer = isNotCached(known) ? await this.#call(() => this.#addon.all(store, kindText)) : known;
    return textOf(answer) ?? '{}';
  }

  /** As `all`, but the JSON text of each item. Never from memory. */
  async allTexts(kind: string): Promise<Map<string, string>> {
    const store = this.#open();
    const kindText = textArgument(kind, 'INVALID_KIND', 'kind');
    const answer = await this.#call(() => this.#addon.items(store, kindText));
    if (!Array.isArray(answer)) {
      throw failure(answer);
    }
    const texts = new Map<string, string>();
    for (let index = 0; index < answer.length; index += 2) {
      texts.set(answer[index] as string, answer[index + 1] as string);
    }
    return texts;
  }

  /** Replaces the full data set: of every kind in it, exactly these items are stored afterwards.
   *
   * A kind that is not in the data set is left alone; one that is there but empty is emptied. Rows that are already as they should be are not
   * written. If it fails, the next `init` goes on where it stopped.
   *
   * @param data `{features: {key: item, …}, segments: {…}}`, as an object, JSON text, or its UTF-8. A payload from LaunchDarkly goes in as it is.
   *   An object is turned into text before this returns, and holds the event loop for as long as one `JSON.stringify` of it.
   * @throws InvalidArgumentError The data set is wrong; nothing was written.
   * @throws StoreError Not everything could be written; the message counts the rows.
   */
  async init(data: DataSet | string | Uint8Array): Promise<void> {
    this.#open();
    refuseEmptiedKinds(data);
    const text = this.#payload(data, 'data');
    if (typeof text === 'string' && isLong(text)) {
      await nextTurn();
      return this.initParts(partsOfText(text));
    }
    return this.#init(text);
  }

  /** As `init` of one text that is in parts. @internal */
  async initParts(parts: Iterable<string>): Promise<void> {
    this.#open();
    return this.#init(await encoded(parts));
  }

  async #init(data: Text | Uint8Array[]): Promise<void> {
    const store = this.#open();
    statusOf(await this.#call(() => this.#addon.init(store, data)));
  }

  /** Stores one item if it is newer than the stored one, in one request.
   *
   * @param kind The item's kind.
   * @param key The key it is stored under, whatever the item says.
   * @param item A JSON object with an integer `version`, as an object, JSON text, or its UTF-8; with `"deleted": true` it is a deletion.
   * @throws InvalidArgumentError Kind, key or item is wrong; nothing was sent.
   * @throws StoreError The item may not be stored.
   */
  async upsert(kind: string, key: string, item: object | string | Uint8Array): Promise<UpsertResult> {
    const store = this.#open();
    const kindText = textArgument(kind, 'INVALID_KIND', 'kind');
    const keyText = textArgument(key, 'INVALID_KEY', 'key');
    const text = this.#payload(item, 'item');
    const answer = await this.#call(() => this.#addon.upsert(store, kindText, keyText, text));
    switch (statusOf(answer)) {
      case STATUSES.NOT_NEWER:
        return new UpsertResult(UpsertOutcome.NOT_NEWER, kind, key, (answer as Outcome).text);
      case STATUSES.TOO_LARGE:
        return new UpsertResult(UpsertOutcome.TOO_LARGE, kind, key);
      default:
        return new UpsertResult(UpsertOutcome.UPDATED, kind, key);
    }
  }

  /** Whether the table holds a full data set of this prefix.
   *
   * @throws StoreError The table could not be asked.
   */
  async initialized(): Promise<boolean> {
    const store = this.#open();
    const known = this.#addon.initializedCached(store);
    const answer = isNotCached(known) ? await this.#call(() => this.#addon.initialized(store)) : known;
    return statusOf(answer) !== STATUSES.NOT_FOUND;
  }

  /** Whether the table answers now; asks the table, never the cache. `checkAvailable` tells the reason. */
  async available(): Promise<boolean> {
    try {
      await this.checkAvailable();
      return true;
    } catch (error) {
      if (error instanceof ConnectivityError || error instanceof ServiceError || error instanceof ThrottledError) {
        return false;
      }
      throw error;
    }
  }

  /** Is fulfilled if the table answers now; asks the table, never the cache.
   *
   * @throws StoreError Why it does not.
   */
  async checkAvailable(): Promise<void> {
    const store = this.#open();
    statusOf(await this.#call(() => this.#addon.available(store)));
  }

  /** The state of the Big Segments data, or undefined if there is none. Never from memory. */
  async bigSegmentsMetadata(): Promise<BigSegmentsMetadata | undefined> {
    return parsed(await this.bigSegmentsMetadataText());
  }

  /** As `bigSegmentsMetadata`, but its JSON text, with times beyond 2^53 milliseconds to the last digit. */
  async bigSegmentsMetadataText(): Promise<string | undefined> {
    const store = this.#open();
    return textOf(await this.#call(() => this.#addon.bigSegmentsMetadata(store)));
  }

  /** The version of the last patch that was applied, or undefined if there was none.
   *
   * LaunchDarkly is asked for the patches after it. Never from memory, and always strongly consistent.
   */
  async bigSegmentsCursor(): Promise<string | undefined> {
    const store = this.#open();
    return textOf(await this.#call(() => this.#addon.bigSegmentsCursor(store)));
  }

  /** The Big Segments that include (true) or exclude (false) a context, by segment reference; undefined if the table does not know it.
   *
   * An answer is kept for `context_cache_ttl_ms`.
   *
   * @param contextHash What the function `contextHash` makes of the context's key.
   */
  async bigSegmentsMembership(contextHash: string): Promise<BigSegmentsMembership | undefined> {
    const store = this.#open();
    if (isImpossible(contextHash)) {
      return undefined;
    }
    const hash = textArgument(contextHash, 'INVALID_KEY', 'contextHash');
    return parsed(textOf(await this.#call(() => this.#addon.bigSegmentsMembership(store, hash))));
  }

  /** Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
   *
   * It is applied where the table's cursor is the patch's `previousVersion` (or there is none and that is empty), and moves the cursor to
   * `version`. Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several
   * transactions, of which the last moves the cursor, so that a patch which failed can be applied again.
   *
   * @param patch As an object, JSON text, or its UTF-8. A removal wins over an addition of the same context to the same set.
   * @returns `APPLIED`, or `OUT_OF_ORDER` where the cursor is another: ask LaunchDarkly for the patches since the table's.
   * @throws InvalidArgumentError The patch is wrong; nothing was sent.
   * @throws StoreError The patch is not known to be applied.
   */
  async bigSegmentsApplyPatch(patch: BigSegmentsPatch | string | Uint8Array): Promise<PatchOutcome> {
    const store = this.#open();
    const text = this.#payload(patch, 'patch');
    const status = statusOf(await this.#call(() => this.#addon.bigSegmentsApplyPatch(store, text)));
    return status === STATUSES.OUT_OF_ORDER ? PatchOutcome.OUT_OF_ORDER : PatchOutcome.APPLIED;
  }

  /** Notes that Big Segments were in step with LaunchDarkly, whatever was noted before.
   *
   * SDKs take memberships for stale some time after it, 120 s by default; the Relay Proxy notes it every 30 s.
   *
   * @param when A time, or milliseconds since 1970.
   * @throws InvalidBigSegmentsError Before 1970, beyond 64 bits, or no whole milliseconds; nothing was sent.
   * @throws StoreError The time may not be noted.
   */
  async bigSegmentsSetSynchronized(when: Date | number | bigint): Promise<void> {
    const store = this.#open();
    const milliseconds = millisecondsArgument(when, 'when');
    statusOf(await this.#call(() => this.#addon.bigSegmentsSetSynchronized(store, milliseconds)));
  }

  /** Signs requests with these from now on. For a store made with `credentials: "pushed"`.
   *
   * At any time, also before the first call. Expired ones are never sent: until new ones come, calls that have to ask the table are rejected with a
   * retriable `NoCredentialsError`.
   *
   * @param credentials As an object or JSON text. A provider goes to the constructor.
   * @throws ConfigurationError A member is wrong, or the store was made otherwise; it keeps what it had.
   * @throws InvalidArgumentError The text is not JSON.
   */
  setCredentials(credentials: ExpiringCredentials | string): void {
    if (typeof credentials === 'function') {
      throw new TypeError(
        'setCredentials takes an object or JSON text: give the provider to the constructor, as credentials',
      );
    }
    statusOf(this.#addon.setCredentials(this.#open(), payloadArgument(credentials, 'credentials')));
  }

  /** What this store counted since it was made; asks nothing. The counters are listed in docs/operations.md. */
  stats(): Record<string, unknown> {
    return JSON.parse(textOf(this.#addon.stats(this.#open())) ?? '{}');
  }

  /** The native library in use, with its path and versions. */
  get library(): Library {
    return this.#library;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes the store; again does nothing.
   *
   * Never waits: calls made before go on to their end, and the last one frees the native store. Calls after it are rejected with a
   * `StoreClosedError`, and so are those that still wait for a provider's credentials, and an `init` whose long text is being encoded. A store
   * that is no longer referenced is closed as well.
   */
  close(): void {
    this.#closed = true;
    this.#addon.close(this.#native);
  }

  #open(): NativeStore {
    if (this.#closed) {
      throw new StoreClosedError();
    }
    return this.#native;
  }

  /** As the caller has it now, though the call may have to wait for credentials. */
  #payload(value: unknown, name: string): Text {
    const text = payloadArgument(value, name);
    return this.#renewal !== undefined && typeof text !== 'string' ? new Uint8Array(text) : text;
  }

  /** Makes a call that may wait, with credentials where a provider finds them. */
  async #call<Result>(call: () => Promise<Result>): Promise<Result> {
    const renewal = this.#renewal?.renew();
    if (renewal !== undefined) {
      await renewal;
      this.#open();
    }
    return call();
  }
}

/** A kind that JSON makes empty would empty the table's. */
function refuseEmptiedKinds(data: unknown): void {
  if (typeof data !== 'object' || data === null || data instanceof Uint8Array) {
    return;
  }
  for (const [kind, items] of Object.entries(data)) {
    if (typeof items === 'object' && items !== null) {
      refuseEmptied(items, `data.${kind}`);
    }
  }
}

function isNotCached(answer: Answer): boolean {
  return typeof answer === 'object' && answer.status === STATUSES.NOT_CACHED;
}

function parsed<Value>(text: string | undefined): Value | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Value);
}
