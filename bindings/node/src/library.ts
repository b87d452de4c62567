import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { addon, PACKAGED, type NativeLibrary } from './addon';
import { LibraryMismatchError, LibraryNotFoundError } from './errors';
import { advice } from './platform';

/** The major version of the ABI that this package is written for. @internal */
export const ABI_MAJOR = 1;
/** The lowest minor version that it needs. @internal */
export const ABI_MINOR = 3;

const VARIABLE = 'LD_DYNAMO_STORE_LIBRARY';
const FILE = 'libld_dynamo_store.so';
const SYSTEM_NAMES = [`${FILE}.${ABI_MAJOR}`, FILE];

/** One loaded native library. */
export interface Library {
  /** What the loader was given: a path, or a name that it searches for. */
  readonly path: string;
  /** The library's own version, such as `0.1.0`. */
  readonly version: string;
  /** Its ABI version: major and minor. */
  readonly abi: readonly [number, number];
  /** @internal */
  readonly native: NativeLibrary;
}

const libraries = new Map<string, Library>();

/**
 * Loads the native library, once for each path.
 *
 * The first of these that is given or exists is used, and an error in it is not covered up by the next one: the argument, the environment
 * variable `LD_DYNAMO_STORE_LIBRARY`, the file packaged with this module for this platform, the system's loader.
 *
 * @throws LibraryNotFoundError There is no library there, or it does not load.
 * @throws LibraryMismatchError It is another library or has another ABI version.
 */
export function load(library?: string): Library {
  if (library !== undefined) {
    return loadFile(library, 'the option library');
  }
  const named = process.env[VARIABLE];
  if (named) {
    return loadFile(named, `the environment variable ${VARIABLE}`);
  }
  const packaged = join(PACKAGED, FILE);
  if (existsSync(packaged)) {
    return loadFile(packaged, 'this package');
  }
  const refusals: string[] = [];
  for (const name of SYSTEM_NAMES) {
    const found = loadName(name);
    if (typeof found !== 'string') {
      return found;
    }
    refusals.push(found);
  }
  throw new LibraryNotFoundError(
    `the native library was not found: no option library, no variable ${VARIABLE}, no file ${packaged}, ` +
      `and the system's loader says: ${refusals.join('; ')}`,
  );
}

function loadFile(path: string, source: string): Library {
  const file = resolve(path);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new LibraryNotFoundError(`${source} names ${file} as the native library, but there is no such file`);
  }
  const found = loadName(file);
  if (typeof found === 'string') {
    throw new LibraryNotFoundError(`the native library ${file} cannot be loaded: ${found}${advice(found)}`);
  }
  return found;
}

/** The library, or what the system's loader says. */
function loadName(path: string): Library | string {
  const known = libraries.get(path);
  if (known !== undefined) {
    return known;
  }
  const { message, abi = 0, missing, version = '', library } = addon().load(path);
  if (message !== undefined) {
    return message;
  }
  if (abi === 0) {
    throw new LibraryMismatchError(`${path} is another library: it has no function ld_dynamo_abi_version`);
  }
  const [major, minor] = [abi >>> 16, abi & 0xffff];
  if (major !== ABI_MAJOR || minor < ABI_MINOR) {
    const upgrade = major > ABI_MAJOR ? 'upgrade the npm package' : 'upgrade the native library';
    throw new LibraryMismatchError(
      `${path} has ABI version ${major}.${minor}, but this package needs ${ABI_MAJOR}.${ABI_MINOR} ` +
        `or a later ${ABI_MAJOR}.x: ${upgrade}`,
    );
  }
  if (library === undefined) {
    throw new LibraryMismatchError(`${path} has no function ${missing}: upgrade the native library`);
  }
  const loaded: Library = { path, version, abi: [major, minor], native: library };
  // Not for those who print it.
  Object.defineProperty(loaded, 'native', { enumerable: false });
  libraries.set(path, loaded);
  return loaded;
}
