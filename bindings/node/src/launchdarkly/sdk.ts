// Finds the caching wrappers of the SDKs, which are no dependencies: whoever uses an SDK has it.

import { createRequire } from 'node:module';

import { LdDynamoStoreError } from '../errors';
import type { CachingWrapper } from './interfaces';
import type { InternalStore } from './internal_store';
import type { PersistentStore } from './persistent_store';

const NEW_SDK = '@launchdarkly/node-server-sdk';
const OLD_SDK = 'launchdarkly-node-server-sdk';

/** `PersistentDataStoreWrapper` of the new SDK; `cacheTTL` is in seconds. */
export function newWrapper(core: PersistentStore, cacheTTL: number): CachingWrapper {
  const { PersistentDataStoreWrapper } = found(NEW_SDK, NEW_SDK) as {
    PersistentDataStoreWrapper: new (core: PersistentStore, ttl: number) => CachingWrapper;
  };
  return new PersistentDataStoreWrapper(core, cacheTTL);
}

/** `CachingStoreWrapper` of the old SDK. */
export function oldWrapper(core: InternalStore, cacheTTL: number, description: string): CachingWrapper {
  const CachingStoreWrapper = found(OLD_SDK, `${OLD_SDK}/caching_store_wrapper`) as new (
    core: InternalStore,
    ttl: number,
    description: string,
  ) => CachingWrapper;
  return new CachingStoreWrapper(core, cacheTTL, description);
}

function found(sdk: string, module: string): unknown {
  // A package that is linked into a program does not see the program's own modules.
  const places = [__filename, ...(require.main ? [require.main.filename] : []), `${process.cwd()}/`];
  for (const place of places) {
    const require = createRequire(place);
    try {
      return require(require.resolve(module));
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') {
        throw failure;
      }
    }
  }
  throw new LdDynamoStoreError(`the SDK ${sdk} was not found: install it beside ld-dynamo-store`);
}
