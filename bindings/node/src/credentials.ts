// Credentials that a store is handed while it lives: found by a provider of the AWS SDK's kind, which is asked before calls. The AWS SDK is no
// dependency: any function will do that gives an object with these members.

import { NoCredentialsError, StoreClosedError, StoreError } from './errors';
import { log, type Logger } from './logs';
import { LOG_LEVELS, STATUSES } from './statuses';

/** AWS credentials as the configuration has them. */
export interface Credentials {
  access_key_id: string;
  secret_access_key: string;
  /** For temporary credentials. */
  session_token?: string | null;
}

/** Credentials with the time when they expire, for `setCredentials`. */
export interface ExpiringCredentials extends Credentials {
  /** In milliseconds since 1970; without it they count as lasting for ever. */
  expires_ms?: number | null;
}

/** Credentials as the AWS SDK for JavaScript has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Finds credentials, such as `fromSSO()` of `@aws-sdk/credential-providers`, or `client.config.credentials` of a client. */
export type CredentialsProvider = () => Promise<AwsCredentials> | AwsCredentials;

/** What the option `credentials` may be. */
export type CredentialsOption = Credentials | AwsCredentials | CredentialsProvider | 'pushed';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
// Providers may start a program or ask a service, so they are asked rarely, and some time before the end.
const BETWEEN_LOOKS = 15 * MINUTE;
const BEFORE_EXPIRY = 5 * MINUTE;
const BETWEEN_WARNINGS = MINUTE;
// As the library's own operation_timeout_ms.
const WAIT = 5 * SECOND;
const LONGEST_TIMER = 2 ** 31 - 1;

/** The `credentials` of a configuration, and the provider that renews them where one finds them. */
export function split(option: CredentialsOption | null | undefined): {
  credentials: unknown;
  provider: CredentialsProvider | undefined;
} {
  if (typeof option === 'function') {
    return { credentials: 'pushed', provider: option };
  }
  if (typeof option !== 'object' || option === null || !('accessKeyId' in option)) {
    return { credentials: option, provider: undefined };
  }
  const { expires_ms, ...credentials } = native(option);
  if (expires_ms === undefined) {
    return { credentials, provider: undefined };
  }
  return { credentials: 'pushed', provider: () => option };
}

function native(found: AwsCredentials): ExpiringCredentials {
  if (typeof found?.accessKeyId !== 'string' || typeof found.secretAccessKey !== 'string') {
    throw new TypeError('the credentials have no accessKeyId and secretAccessKey');
  }
  const { expiration } = found;
  const expires_ms = expiration === undefined || expiration === null ? undefined : new Date(expiration).getTime();
  if (Number.isNaN(expires_ms)) {
    throw new TypeError('the expiration of the credentials is no time');
  }
  return {
    access_key_id: found.accessKeyId,
    secret_access_key: found.secretAccessKey,
    session_token: found.sessionToken,
    expires_ms,
  };
}

/** Keeps one store in credentials. */
export class Renewal {
  readonly #provider: CredentialsProvider;
  readonly #push: (credentials: string) => void;
  readonly #logger: Logger;
  readonly #mostWait: number;
  #pushed: string | undefined;
  #expires = Infinity;
  #nextLook = 0;
  #nextWarning = 0;
  #look: Promise<void> | undefined;
  #failure: unknown;

  /** Calls wait for the provider for so many milliseconds; 0 is without end. */
  constructor(provider: CredentialsProvider, push: (credentials: string) => void, logger: Logger, mostWait = WAIT) {
    this.#provider = provider;
    this.#push = push;
    this.#logger = logger;
    this.#mostWait = mostWait;
  }

  /** What a call has to wait for; undefined where it may go on with what is known, as most of the time. */
  renew(): Promise<void> | undefined {
    const now = Date.now();
    if (now >= this.#nextLook) {
      this.#nextLook = Infinity;
      this.#look = this.#ask();
    }
    const isKnown = this.#pushed !== undefined && now < this.#expires;
    return isKnown ? undefined : this.#wait();
  }

  async #wait(): Promise<void> {
    const isOver = await this.#lookIsOver();
    if (this.#pushed === undefined) {
      throw refusal(isOver ? this.#failure : `it has not answered for ${this.#mostWait} ms`);
    }
  }

  /** False where the provider, who is asked still, has not answered in time. */
  async #lookIsOver(): Promise<boolean> {
    const look = this.#look?.then(() => true) ?? true;
    if (this.#mostWait === 0) {
      return look;
    }
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, Math.min(this.#mostWait, LONGEST_TIMER), false);
    });
    try {
      return await Promise.race([look, end]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<void> {
    try {
      const found = native(await this.#provider());
      const text = JSON.stringify(found);
      if (text !== this.#pushed) {
        this.#push(text);
        this.#pushed = text;
      }
      this.#failure = undefined;
      this.#expires = found.expires_ms ?? Infinity;
      this.#nextLook = Math.max(
        Date.now() + SECOND,
        Math.min(Date.now() + BETWEEN_LOOKS, this.#expires - BEFORE_EXPIRY),
      );
    } catch (failure) {
      this.#failure = failure;
      this.#nextLook = Date.now() + SECOND;
      if (this.#pushed !== undefined && !(failure instanceof StoreClosedError)) {
        // What was pushed is used until it expires, which the native library sees to.
        this.#warn(failure);
      }
    }
  }

  #warn(failure: unknown): void {
    const now = Date.now();
    if (now >= this.#nextWarning) {
      this.#nextWarning = now + BETWEEN_WARNINGS;
      log(
        this.#logger,
        LOG_LEVELS.WARN,
        `the AWS credentials were not renewed, and those that are known are used: ${said(failure)}`,
      );
    }
  }
}

function refusal(failure: unknown): Error {
  if (failure instanceof StoreClosedError) {
    return failure;
  }
  if (failure instanceof StoreError) {
    const { message, status, retriable, serviceCode } = failure;
    return new (failure.constructor as typeof StoreError)(message, status, retriable, serviceCode, {
      cause: failure,
    });
  }
  const message = `no AWS credentials came from the provider given as credentials: ${said(failure)}`;
  // Whoever hands them out may do so again later.
  return new NoCredentialsError(message, STATUSES.NO_CREDENTIALS, true, undefined, { cause: failure });
}

/** One line of bounded length. */
function said(failure: unknown): string {
  const text = String(failure).split(/\s+/).join(' ');
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
