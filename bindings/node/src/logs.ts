import { debuglog } from 'node:util';

import { addon } from './addon';
import { LOG_LEVELS } from './statuses';

/** Where a store logs. LaunchDarkly's loggers, winston's and pino's are such objects, and so is the console. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

const debug = debuglog('ld_dynamo_store');

/** What is wrong goes to the console's standard error; the rest too where NODE_DEBUG names ld_dynamo_store. */
export const DEFAULT_LOGGER: Logger = {
  error: (message) => console.error(`ld_dynamo_store: ${message}`),
  warn: (message) => console.warn(`ld_dynamo_store: ${message}`),
  info: (message) => debug('%s', message),
  debug: (message) => debug('%s', message),
};

// By the number of a store. An entry ends with the last message of its store.
const loggers = new Map<number, Logger>();
let lastNumber = 0;

/** Makes a number for a store, whose messages go to a logger until the library releases it. */
export function register(logger: Logger): number {
  if (lastNumber === 0) {
    addon().setLog(receive);
  }
  lastNumber += 1;
  loggers.set(lastNumber, logger);
  return lastNumber;
}

/** Forgets the logger of a store that could not be made. */
export function forget(number: number): void {
  loggers.delete(number);
}

function receive(store: number, level: number, message: string | undefined): void {
  const logger = loggers.get(store);
  if (level === 0) {
    loggers.delete(store);
  } else if (logger !== undefined && message !== undefined) {
    log(logger, level, message);
  }
}

/** Logs one message. What the logger throws is told, and reaches no caller. */
export function log(logger: Logger, level: number, message: string): void {
  try {
    switch (level) {
      case LOG_LEVELS.ERROR:
        logger.error(message);
        break;
      case LOG_LEVELS.WARN:
        logger.warn(message);
        break;
      case LOG_LEVELS.INFO:
        logger.info(message);
        break;
      default:
        logger.debug(message);
    }
  } catch (failure) {
    const said = failure instanceof Error ? failure.message : String(failure);
    process.emitWarning(`the logger of ld-dynamo-store threw: ${said}`);
  }
}
