// Translates options of the AWS SDK's clients, which LaunchDarkly's own stores take, into a configuration of this library. An option without a
// counterpart is an error that names it, never a silent difference. Names of version 3 and of version 2, which the old SDK uses, are both known.

import type { CredentialsOption } from '../credentials';
import { UnsupportedOptionError } from '../errors';
import type { Settings } from '../options';
import { credentialsOf } from './old_credentials';
import { agentsOf, handlerSettings, type HandlerOptions } from './request_handler';

/** What is known of a client's options: at once, and what has to be waited for. */
export interface Translated {
  settings: Settings;
  later: (() => Promise<Settings>)[];
}

type Provided<Value> = Value | (() => Promise<Value> | Value);

const NO_COUNTERPART = 'leave it out: this store has no counterpart';
const NAMES_ITSELF = 'leave it out: the library names itself';
const REGIONAL = 'leave it out: requests go to the regional endpoint or to endpoint';

const REPLACEMENTS: Record<string, string> = {
  accountId: REGIONAL,
  accountIdEndpointMode: REGIONAL,
  endpointDiscoveryEnabled: REGIONAL,
  credentialDefaultProvider: 'give the provider as credentials',
  credentialProvider: 'give a function that resolves it as credentials',
  customUserAgent: NAMES_ITSELF,
  userAgentAppId: NAMES_ITSELF,
  defaultsMode: 'give the timeouts in options',
  logger: 'give logger beside clientOptions',
  retryStrategy: 'use maxAttempts and retryMode',
  signatureVersion: 'leave it out: requests are signed with Signature Version 4',
  endpointUrl: 'did you mean endpoint?',
  maxRetry: 'did you mean maxAttempts?',
  prefix: 'give it beside clientOptions',
  cacheTTL: 'give it beside clientOptions',
};

// Settings of the library's, which belong into options.
const SETTINGS =
  /^(consistent_reads|read_only|(connect|attempt|operation|init)_timeout_ms|max_attempts|retry_mode|transport|max_concurrency|stale_on_error|share|ca_bundle|proxy|log_level)$/;

type Translate = (value: never, translated: Translated) => void;

const TRANSLATIONS: Record<string, Translate> = {
  region: (value: Provided<string>, translated) => provided(value, translated, (region) => ({ region })),
  endpoint: (value: Provided<unknown>, translated) =>
    provided(value, translated, (endpoint) => ({ endpoint: endpointAddress(endpoint) })),
  profile: (value: string, { settings }) => void (settings.profile = value),
  credentials: (value: CredentialsOption, { settings }) => void (settings.credentials = credentialsOf(value)),
  maxAttempts: (value: Provided<number>, translated) =>
    provided(value, translated, (max_attempts) => ({ max_attempts })),
  // In version 2, which counts the tries after the first one.
  maxRetries: (value: number, { settings }) => void (settings.max_attempts = value + 1),
  retryMode: (value: Provided<string>, translated) =>
    provided(value, translated, (mode) => ({ retry_mode: retryMode(mode) })),
  requestHandler: (value: HandlerOptions, { later }) => void later.push(() => handlerSettings(value, 'clientOptions')),
  httpOptions: (value: HandlerOptions, { later }) => {
    agentsOf(value, 'clientOptions.httpOptions');
    later.push(() => handlerSettings(value, 'clientOptions'));
  },
  tls: switchedOff('tls', false, 'give endpoint with "http://"'),
  sslEnabled: switchedOff('sslEnabled', false, 'give endpoint with "http://"'),
  useDualstackEndpoint: switchedOff('useDualstackEndpoint', true, 'give the dual-stack address as endpoint'),
  useFipsEndpoint: switchedOff('useFipsEndpoint', true, 'give the FIPS address as endpoint'),
  apiVersion: (value: string) => {
    if (value !== '2012-08-10' && value !== 'latest') {
      throw new UnsupportedOptionError('clientOptions.apiVersion', 'leave it out: the version is "2012-08-10"');
    }
  },
};

/** The settings that mean the same as these options of a client. Throws `UnsupportedOptionError` for one that has no counterpart. */
export function translate(clientOptions: object): Translated {
  const translated: Translated = { settings: {}, later: [] };
  const { accessKeyId, secretAccessKey, sessionToken, ...others } = clientOptions as Record<string, never>;
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    translated.settings.credentials = { accessKeyId, secretAccessKey, sessionToken };
  }
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || value === null) {
      continue;
    }
    const translation = TRANSLATIONS[name];
    if (translation === undefined) {
      const replacement = REPLACEMENTS[name] ?? (SETTINGS.test(name) ? 'give it in options' : NO_COUNTERPART);
      throw new UnsupportedOptionError(`clientOptions.${name}`, replacement);
    }
    translation(value, translated);
  }
  return translated;
}

function provided<Value>(value: Provided<Value>, translated: Translated, settings: (value: Value) => Settings): void {
  if (typeof value === 'function') {
    const provider = value as () => Promise<Value> | Value;
    translated.later.push(async () => settings(await provider()));
  } else {
    Object.assign(translated.settings, settings(value));
  }
}

/** For a switch that may be given as it is by default. */
function switchedOff(name: string, refusedValue: boolean, replacement: string): Translate {
  return (value: Provided<boolean>, translated) =>
    provided(value, translated, (found) => {
      if (found === refusedValue) {
        throw new UnsupportedOptionError(`clientOptions.${name}`, replacement);
      }
      return {};
    });
}

/** An endpoint's address, in any of the forms that the AWS SDK knows. */
export function endpointAddress(endpoint: unknown): string | undefined {
  if (endpoint === undefined || endpoint === null || typeof endpoint === 'string') {
    return endpoint ?? undefined;
  }
  if (endpoint instanceof URL) {
    return endpoint.href;
  }
  const { url, href, protocol, hostname, port, path } = endpoint as Record<string, unknown>;
  if (url !== undefined || href !== undefined) {
    return String(url ?? href);
  }
  if (typeof hostname !== 'string') {
    throw new UnsupportedOptionError('clientOptions.endpoint', 'give the address as a text');
  }
  return `${protocol ?? 'https:'}//${hostname}${port === undefined ? '' : `:${port}`}${path ?? ''}`;
}

/** A mode of retries that this library has, too. */
export function retryMode(mode: string): 'standard' | 'adaptive' {
  if (mode !== 'standard' && mode !== 'adaptive') {
    throw new UnsupportedOptionError(`clientOptions.retryMode ${JSON.stringify(mode)}`, 'use "standard" or "adaptive"');
  }
  return mode;
}
