import { STATUSES, type StatusName } from './statuses';

/** Base of every error that this package makes on purpose. */
export class LdDynamoStoreError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The native library could not be used. */
export class LibraryError extends LdDynamoStoreError {}

/** No native library where it was looked for; the message lists the places. */
export class LibraryNotFoundError extends LibraryError {}

/** The file is not this library, or its ABI version does not fit this package. */
export class LibraryMismatchError extends LibraryError {}

/** A call on a store after `close`. */
export class StoreClosedError extends LdDynamoStoreError {
  constructor() {
    super('the store is closed');
  }
}

/** An option of another store that this one cannot honour; the message says what to use instead. */
export class UnsupportedOptionError extends LdDynamoStoreError {
  /** The option's name, such as `clientOptions.requestHandler`. */
  readonly option: string;

  constructor(option: string, replacement: string) {
    super(`${option} is not supported; ${replacement}`);
    this.option = option;
  }
}

/** A call failed. */
export class StoreError extends LdDynamoStoreError {
  /** The status number of the C header, always negative. */
  readonly status: number;
  /** The name of the status, such as `TIMED_OUT`; `UNKNOWN` for one that this package does not know. */
  readonly code: StatusName | 'UNKNOWN';
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  /** The error code AWS answered with, such as `ResourceNotFoundException`, or undefined. */
  readonly serviceCode: string | undefined;

  constructor(message: string, status: number, retriable = false, serviceCode?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = NAMES.get(status) ?? 'UNKNOWN';
    this.retriable = retriable;
    this.serviceCode = serviceCode;
  }
}

/** The caller's mistake: nothing was sent. */
export class InvalidArgumentError extends StoreError {}

/** Bytes that are not UTF-8; the message has the argument's name and the offset of the first wrong byte. */
export class InvalidUtf8Error extends InvalidArgumentError {}

/** A payload is not JSON. */
export class InvalidJsonError extends InvalidArgumentError {}

/** An item is not an object, or has no integer `version` from 0 to 2^63-1. */
export class InvalidItemError extends InvalidArgumentError {}

/** A kind that cannot be stored: empty, with a colon, beginning with `$`, or a Big Segments namespace. */
export class InvalidKindError extends InvalidArgumentError {}

/** A key that DynamoDB cannot hold: empty or longer than 1,024 bytes. */
export class InvalidKeyError extends InvalidArgumentError {}

/** Not an object of objects, a key twice in one kind, or `flags` and `features` at once. */
export class InvalidDataSetError extends InvalidArgumentError {}

/** A patch of Big Segments of the wrong shape, which the message describes, or a time that cannot be stored. */
export class InvalidBigSegmentsError extends InvalidArgumentError {}

/** A configuration key is unknown, mistyped, or contradicts another. */
export class ConfigurationError extends StoreError {}

/** The AWS profile needs `credential_process`, SSO or a sign-in; the message says what to do instead. */
export class UnsupportedCredentialsError extends ConfigurationError {}

/** No AWS region was found; the message says where it was looked for. */
export class NoRegionError extends ConfigurationError {}

/** AWS refused the request; `serviceCode` says why. */
export class ServiceError extends StoreError {}

/** The table does not exist in this region and account. */
export class TableNotFoundError extends ServiceError {}

/** The table has other keys than `namespace` and `key`. */
export class TableMismatchError extends ServiceError {}

/** AWS does not accept these credentials, or they lack a permission. */
export class AccessDeniedError extends ServiceError {}

/** No credentials were found in the configuration or the AWS chain, or none came from the provider. */
export class NoCredentialsError extends ServiceError {}

/** DynamoDB asked for fewer requests, and went on asking until the attempts were used up. */
export class ThrottledError extends StoreError {}

/** The table could not be asked. */
export class ConnectivityError extends StoreError {}

/** A call did not end within its timeouts. */
export class TimedOutError extends ConnectivityError {}

/** The endpoint could not be connected to. */
export class UnreachableError extends ConnectivityError {}

/** What answered does not speak DynamoDB, or the answer was cut or damaged. */
export class InvalidResponseError extends ConnectivityError {}

/** The row's `item` is not a string with a JSON object. */
export class CorruptItemError extends StoreError {}

/** A write on a store that is configured `read_only`; nothing was sent. */
export class ReadOnlyError extends StoreError {}

/** A defect of the library, or the system has no more threads or memory. */
export class InternalError extends StoreError {}

/** The native code panicked; the message says where. */
export class PanicError extends InternalError {}

const NAMES = new Map(Object.entries(STATUSES).map(([name, status]) => [status as number, name as StatusName]));

const CLASSES: Partial<Record<StatusName, typeof StoreError>> = {
  NULL_ARGUMENT: InvalidArgumentError,
  INVALID_UTF8: InvalidUtf8Error,
  INVALID_JSON: InvalidJsonError,
  INVALID_ITEM: InvalidItemError,
  INVALID_KIND: InvalidKindError,
  INVALID_KEY: InvalidKeyError,
  INVALID_DATA_SET: InvalidDataSetError,
  INVALID_BIG_SEGMENTS: InvalidBigSegmentsError,
  INVALID_CONFIGURATION: ConfigurationError,
  UNSUPPORTED_CREDENTIALS: UnsupportedCredentialsError,
  NO_REGION: NoRegionError,
  TABLE_NOT_FOUND: TableNotFoundError,
  TABLE_MISMATCH: TableMismatchError,
  ACCESS_DENIED: AccessDeniedError,
  NO_CREDENTIALS: NoCredentialsError,
  SERVICE_ERROR: ServiceError,
  THROTTLED: ThrottledError,
  TIMED_OUT: TimedOutError,
  UNREACHABLE: UnreachableError,
  INVALID_RESPONSE: InvalidResponseError,
  CORRUPT_ITEM: CorruptItemError,
  READ_ONLY: ReadOnlyError,
  INTERNAL: InternalError,
  PANIC: PanicError,
};

// Statuses are grouped by hundred, so one that a newer library added still gets the class of its cause.
const CLASSES_OF_GROUPS: Record<number, typeof StoreError> = {
  0: InvalidArgumentError,
  1: ConfigurationError,
  2: ServiceError,
  3: ThrottledError,
  4: ConnectivityError,
  5: CorruptItemError,
  6: ReadOnlyError,
  9: InternalError,
};

/** The class of a failure's status, also of one that this package does not know yet. @internal */
export function errorClass(status: number): typeof StoreError {
  const name = NAMES.get(status);
  return (name && CLASSES[name]) ?? CLASSES_OF_GROUPS[Math.floor(-status / 100)] ?? StoreError;
}

/** The error for an argument that cannot even be handed to the library, by the status that it deserves. @internal */
export function refused(name: StatusName, message: string): StoreError {
  const status = STATUSES[name];
  return new (errorClass(status))(message, status);
}
