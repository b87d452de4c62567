// Timeouts of the AWS SDK's handler of requests, and what else it may be told.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { UnsupportedOptionError } from '../errors';
import type { Settings } from '../options';

// The library's own defaults.
const CONNECT_TIMEOUT_MS = 1000;
const ATTEMPT_TIMEOUT_MS = 2000;
const OPERATION_TIMEOUT_MS = 5000;
const ATTEMPTS = 3;

/** What a handler is told, of version 3 and of version 2. */
export interface HandlerOptions {
  connectionTimeout?: number;
  requestTimeout?: number;
  socketTimeout?: number;
  connectTimeout?: number;
  timeout?: number;
  agent?: unknown;
  httpAgent?: unknown;
  httpsAgent?: unknown;
  proxy?: unknown;
  [option: string]: unknown;
}

const TRANSLATED = ['connectionTimeout', 'requestTimeout', 'socketTimeout', 'connectTimeout', 'timeout', 'proxy'];
const AGENTS = ['agent', 'httpAgent', 'httpsAgent'];
// How the AWS SDK for JavaScript itself uses its connections.
const OF_NO_ACCOUNT = [
  'defaultSocketTimeout',
  'socketAcquisitionWarningTimeout',
  'throwOnRequestTimeout',
  'httpAgentProvider',
  'logger',
  'xhrAsync',
];
const TRUST = ['ca', 'cert', 'key', 'pfx'];

/** The settings of a handler, or of the options that one is made with. */
export async function handlerSettings(handler: HandlerOptions, place: string): Promise<Settings> {
  const options = await optionsOf(handler, place);
  agentsOf(options, `${place}.requestHandler`);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && ![...TRANSLATED, ...AGENTS, ...OF_NO_ACCOUNT].includes(name)) {
      throw new UnsupportedOptionError(
        `${place}.requestHandler.${name}`,
        'leave it out: this store has no counterpart',
      );
    }
  }
  const settings: Settings = {};
  const connect = options.connectionTimeout ?? options.connectTimeout;
  const read = options.requestTimeout || options.socketTimeout || options.timeout;
  if (connect) {
    settings.connect_timeout_ms = connect;
  }
  if (connect || read) {
    settings.attempt_timeout_ms = (connect || CONNECT_TIMEOUT_MS) + (read || ATTEMPT_TIMEOUT_MS);
  }
  if (typeof options.proxy === 'string') {
    settings.proxy = options.proxy;
  }
  return settings;
}

async function optionsOf(handler: HandlerOptions, place: string): Promise<HandlerOptions> {
  if (typeof handler['handle'] !== 'function') {
    return handler;
  }
  // Of NodeHttpHandler, which tells them only once they are known.
  if ('configProvider' in handler) {
    return { ...((await handler['configProvider']) as HandlerOptions) };
  }
  throw new UnsupportedOptionError(`${place}.requestHandler`, 'give the timeouts, proxy and ca_bundle in options');
}

/** Refuses agents that do more than keep connections. */
export function agentsOf(options: HandlerOptions, place: string): void {
  for (const name of AGENTS) {
    const agent = options[name] as { constructor: unknown; options?: Record<string, unknown> } | undefined;
    if (agent === undefined || agent === null) {
      continue;
    }
    const told = agent.options ?? (agent as unknown as Record<string, unknown>);
    const trust = [
      ...TRUST.filter((member) => told[member]),
      ...(told['rejectUnauthorized'] === false ? ['rejectUnauthorized'] : []),
    ];
    const isUsual = [HttpAgent, HttpsAgent, Object].includes(agent.constructor as never);
    if (trust.length > 0 || !isUsual) {
      const what = trust.length > 0 ? `.${trust[0]}` : '';
      throw new UnsupportedOptionError(
        `${place}.${name}${what}`,
        'give a file of root certificates as ca_bundle, or the address of a proxy as proxy, in options',
      );
    }
  }
}

/** Lets a whole call last as long as these attempts may. */
export function allowEveryAttempt(settings: Settings): Settings {
  const { attempt_timeout_ms, max_attempts } = settings;
  const needed = (attempt_timeout_ms ?? ATTEMPT_TIMEOUT_MS) * (max_attempts ?? ATTEMPTS);
  const isGiven = attempt_timeout_ms !== undefined || max_attempts !== undefined;
  return isGiven && needed > OPERATION_TIMEOUT_MS ? { operation_timeout_ms: needed, ...settings } : settings;
}
