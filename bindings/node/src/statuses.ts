/** Every status of the C header, by its name without `LD_DYNAMO_`. Failures are negative. */
export const STATUSES = {
  OK: 0,
  NOT_FOUND: 1,
  NOT_NEWER: 2,
  TOO_LARGE: 3,
  NOT_CACHED: 4,
  OUT_OF_ORDER: 5,
  NULL_ARGUMENT: -1,
  INVALID_UTF8: -2,
  INVALID_JSON: -3,
  INVALID_ITEM: -4,
  INVALID_KIND: -5,
  INVALID_KEY: -6,
  INVALID_DATA_SET: -7,
  INVALID_BIG_SEGMENTS: -8,
  INVALID_CONFIGURATION: -100,
  UNSUPPORTED_CREDENTIALS: -101,
  NO_REGION: -102,
  TABLE_NOT_FOUND: -200,
  TABLE_MISMATCH: -201,
  ACCESS_DENIED: -202,
  NO_CREDENTIALS: -203,
  SERVICE_ERROR: -204,
  THROTTLED: -300,
  TIMED_OUT: -400,
  UNREACHABLE: -401,
  INVALID_RESPONSE: -402,
  CORRUPT_ITEM: -500,
  READ_ONLY: -600,
  INTERNAL: -900,
  PANIC: -901,
} as const;

/** The name of a status. */
export type StatusName = keyof typeof STATUSES;

/** The log levels of the C header, by name without `LD_DYNAMO_LOG_`. */
export const LOG_LEVELS = { ERROR: 1, WARN: 2, INFO: 3, DEBUG: 4, TRACE: 5 } as const;
