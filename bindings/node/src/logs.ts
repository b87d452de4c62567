import { debuglog } from 'node:util';

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

/** The function that a store's messages are handed to. It holds nothing but the logger: a store ends with its last reference. */
export function receiver(logger: Logger): (level: number, message: string) => void {
  return (level, message) => log(logger, level, message);
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
