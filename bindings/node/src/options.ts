import { typeName } from './arguments';
import { split, type CredentialsOption, type CredentialsProvider } from './credentials';
import { refused, UnsupportedOptionError } from './errors';
import type { Logger } from './logs';

/** The settings of the library, with its own names: docs/configuration.md. Undefined and null leave the default, in parentheses. */
export interface Settings {
  /** Goes before every namespace with a colon, so that environments share a table (`""` is none). */
  prefix?: string | null;
  /** The AWS region (environment, profile). */
  region?: string | null;
  /** Address of a local engine or a VPC endpoint (environment, profile, then the region's). */
  endpoint?: string | null;
  /** Name of an AWS profile, which goes before the keys in the environment. */
  profile?: string | null;
  /**
   * Static credentials (the AWS chain: environment, profile, web identity, ECS, IMDS). Or a provider of the AWS SDK's kind: it is asked before
   * a call, first, then from five minutes before they expire, and every fifteen minutes; the call waits for `operation_timeout_ms` at most. The region is not taken from it, and `share` not
   * possible. Or `"pushed"`: `setCredentials` gives them.
   */
  credentials?: CredentialsOption | null;
  /** Strongly consistent reads, at twice the price of eventual ones (true). */
  consistent_reads?: boolean | null;
  /** Refuses writes before any request (false). */
  read_only?: boolean | null;
  /** Milliseconds for one connection (1000). A timeout of 0 means none, here and below. */
  connect_timeout_ms?: number | null;
  /** Milliseconds for one HTTP attempt (2000). */
  attempt_timeout_ms?: number | null;
  /** Milliseconds for a whole call with its retries (5000). */
  operation_timeout_ms?: number | null;
  /** Milliseconds for a whole `init` or patch of Big Segments (300000). */
  init_timeout_ms?: number | null;
  /** Tries of one request (3). */
  max_attempts?: number | null;
  /** How AWS SDKs wait between tries (`"standard"`). */
  retry_mode?: 'standard' | 'adaptive' | null;
  /** `"sdk"` sends every request through the AWS SDK in the library (`"auto"`). */
  transport?: 'auto' | 'sdk' | null;
  /** Batches that `init` has under way at once (16). */
  max_concurrency?: number | null;
  /** Milliseconds for which a read is answered from memory; 0 never, -1 for ever (15000). */
  cache_ttl_ms?: number | null;
  /** Milliseconds for which a context's membership is answered from memory; never where this, its size or `cache_ttl_ms` is 0 (5000). */
  context_cache_ttl_ms?: number | null;
  /** How many contexts' memberships are kept (1000). */
  context_cache_size?: number | null;
  /** Serves an expired value when the table cannot be asked (false). */
  stale_on_error?: boolean | null;
  /** Stores of equal configuration use one set of connections and one cache (false). */
  share?: boolean | null;
  /** File of root certificates in PEM (`AWS_CA_BUNDLE`, then the system's). */
  ca_bundle?: string | null;
  /** Address of an HTTP proxy (the usual environment variables). */
  proxy?: string | null;
  /** The least severe message that is logged (`"info"`). */
  log_level?: 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | null;
}

/** What is no setting of the library's. */
export interface Surroundings {
  /** Where the store logs (errors and warnings to the console's standard error; the rest where `NODE_DEBUG` names `ld_dynamo_store`). */
  logger?: Logger | null;
  /** Path of the native library; see `load`. */
  library?: string | null;
}

/** Options of a `Store`. */
export interface StoreOptions extends Settings, Surroundings {}

/** The configuration text of a store, the provider of its credentials where there is one, and for how long a call waits for it. */
export function configuration(
  table: string,
  settings: Settings,
): { text: string; provider: CredentialsProvider | undefined; mostWait: number | undefined } {
  if ('table' in settings) {
    throw new UnsupportedOptionError('table', 'it is the first argument');
  }
  const { credentials, provider } = split(settings.credentials);
  const all = { ...settings, table, credentials };
  refuseWithoutJson(all, '');
  return { text: JSON.stringify(all), provider, mostWait: settings.operation_timeout_ms ?? undefined };
}

/** Refuses what JSON would leave out, or make null of, so that the default would stand in its place. */
function refuseWithoutJson(settings: object, place: string): void {
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'object' && value !== null) {
      refuseWithoutJson(value, `${place}${name}.`);
    } else if (['function', 'symbol', 'bigint'].includes(typeof value)) {
      throw refused('INVALID_CONFIGURATION', `${place}${name} must be a value that JSON has, not a ${typeName(value)}`);
    } else if (typeof value === 'number' && !Number.isFinite(value)) {
      throw refused('INVALID_CONFIGURATION', `${place}${name} must be a finite number, not ${value}`);
    }
  }
}
