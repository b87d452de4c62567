// How the adapter opens its store: at once where all settings are known, else with the first call, which waits for what the AWS SDK has to find.

import { typeName } from '../arguments';
import { StoreClosedError, UnsupportedOptionError } from '../errors';
import type { Logger } from '../logs';
import type { Settings } from '../options';
import { Store } from '../store';
import { translate, type Translated } from './client_options';
import { translateClient } from './existing_client';
import { allowEveryAttempt } from './request_handler';

/** Options of `DynamoDBFeatureStore` and `DynamoDBBigSegmentStore`. All but the last two are those of LaunchDarkly's own stores. */
export interface DynamoDBOptions {
  /** Options as for a client of the AWS SDK. One that has no counterpart here is refused by its name. */
  clientOptions?: object;
  /** A client of the AWS SDK, whose region, endpoint, credentials, attempts and timeouts are used; `clientOptions` are ignored then. */
  dynamoDBClient?: object;
  /** Goes before every namespace, so that environments share a table. */
  prefix?: string;
  /** Seconds for which the SDK keeps what it has read or written; 0 is no cache. 15 by default. Not for Big Segments, which the SDK caches, too. */
  cacheTTL?: number;
  /** Where the store logs; the SDK's logger by default. */
  logger?: Logger;
  /**
   * Further settings of the library, such as `{read_only: true}`; they win over `clientOptions` and `dynamoDBClient`. Without `init_timeout_ms` an
   * `init` may take 30,000 milliseconds, since the SDK hands on no update before it is over.
   */
  options?: Omit<Settings, 'prefix' | 'cache_ttl_ms' | 'context_cache_ttl_ms' | 'context_cache_size'>;
  /** Path of the native library. */
  library?: string;
}

// The SDK hands on no update before its init is over, so this is shorter than the library's own.
const INIT_TIMEOUT_MS = 30_000;

const KNOWN = ['clientOptions', 'dynamoDBClient', 'prefix', 'cacheTTL', 'logger', 'options', 'library'];

const NOT_IN_OPTIONS: Record<string, string> = {
  table: 'it is the first argument',
  prefix: 'give it beside options',
  logger: 'give it beside options',
  library: 'give it beside options',
  cache_ttl_ms: 'the SDK caches: use cacheTTL',
  context_cache_ttl_ms: "the SDK caches: use userCacheTime of the SDK's bigSegments",
  context_cache_size: "the SDK caches: use userCacheSize of the SDK's bigSegments",
};

/** Looks at what the user gave; throws what is wrong about it, as far as that is known without waiting. */
export function prepare(table: string, options?: DynamoDBOptions | null): (logger: Logger) => Opening {
  const given = options ?? {};
  if (typeof table !== 'string') {
    throw new TypeError(`the table's name must be a string, not ${typeName(table)}`);
  }
  for (const name of Object.keys(given)) {
    if (!KNOWN.includes(name)) {
      const meant = KNOWN.find((known) => known.toLowerCase() === name.toLowerCase());
      throw new UnsupportedOptionError(name, meant ? `did you mean ${meant}?` : `the options are ${KNOWN.join(', ')}`);
    }
  }
  for (const [name, value] of Object.entries(given.options ?? {})) {
    const replacement = NOT_IN_OPTIONS[name];
    if (replacement !== undefined && value !== undefined && value !== null && value !== 0) {
      throw new UnsupportedOptionError(`options.${name}`, replacement);
    }
  }
  let translated: Translated = { settings: {}, later: [] };
  if (given.dynamoDBClient) {
    translated = translateClient(given.dynamoDBClient);
  } else if (given.clientOptions) {
    translated = translate(given.clientOptions);
  }
  return (logger) => new Opening(table, given, translated, logger);
}

/** A store that is open, or will be with the first call. */
export class Opening {
  readonly #open: (settings: Settings) => Store;
  readonly #translated: Translated;
  #store: Store | undefined;
  #pending: Promise<Store> | undefined;
  #closed = false;

  constructor(table: string, given: DynamoDBOptions, translated: Translated, logger: Logger) {
    this.#translated = translated;
    this.#open = (settings) =>
      new Store(table, {
        prefix: given.prefix,
        ...allowEveryAttempt(settings),
        ...given.options,
        init_timeout_ms: given.options?.init_timeout_ms ?? INIT_TIMEOUT_MS,
        cache_ttl_ms: 0,
        context_cache_ttl_ms: 0,
        logger,
        library: given.library,
      });
    if (translated.later.length === 0) {
      this.#store = this.#open(translated.settings);
    }
  }

  /** The open store, or its promise. Where something could not be found, the next call looks again. */
  store(): Store | Promise<Store> {
    if (this.#store !== undefined) {
      return this.#store;
    }
    if (this.#closed) {
      throw new StoreClosedError();
    }
    this.#pending ??= this.#wait().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  close(): void {
    this.#closed = true;
    this.#store?.close();
  }

  async #wait(): Promise<Store> {
    const { settings, later } = this.#translated;
    const found = await Promise.all(later.map((find) => find()));
    const store = this.#open(Object.assign({}, settings, ...found));
    if (this.#closed) {
      store.close();
    }
    this.#store = store;
    return store;
  }
}
