/**
 * LaunchDarkly's DynamoDB persistent data store.
 *
 * `Store` reads and writes the table directly. `ld-dynamo-store/launchdarkly` plugs it into LaunchDarkly's SDKs.
 *
 * @packageDocumentation
 */

export {
  contextHash,
  PatchOutcome,
  type BigSegmentsChanges,
  type BigSegmentsMembership,
  type BigSegmentsMetadata,
  type BigSegmentsPatch,
} from './big_segments';
export type {
  AwsCredentials,
  Credentials,
  CredentialsOption,
  CredentialsProvider,
  ExpiringCredentials,
} from './credentials';
export {
  AccessDeniedError,
  ConfigurationError,
  ConnectivityError,
  CorruptItemError,
  InternalError,
  InvalidArgumentError,
  InvalidBigSegmentsError,
  InvalidDataSetError,
  InvalidItemError,
  InvalidJsonError,
  InvalidKeyError,
  InvalidKindError,
  InvalidResponseError,
  InvalidUtf8Error,
  LdDynamoStoreError,
  LibraryError,
  LibraryMismatchError,
  LibraryNotFoundError,
  NoCredentialsError,
  NoRegionError,
  PanicError,
  ReadOnlyError,
  ServiceError,
  StoreClosedError,
  StoreError,
  TableMismatchError,
  TableNotFoundError,
  ThrottledError,
  TimedOutError,
  UnreachableError,
  UnsupportedCredentialsError,
  UnsupportedOptionError,
} from './errors';
export { UpsertOutcome, UpsertResult, type DataSet, type Item, type Items } from './items';
export { load, type Library } from './library';
export type { Logger } from './logs';
export type { Settings, StoreOptions, Surroundings } from './options';
export { STATUSES, type StatusName } from './statuses';
export { Store } from './store';
