// The compiled addon: native/addon.c and native/calls.c export what is declared here.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { LibraryNotFoundError } from './errors';
import { advice, platformName } from './platform';

declare const libraryType: unique symbol;
declare const storeType: unique symbol;

/** A loaded library. */
export type NativeLibrary = { readonly [libraryType]: true };
/** An open store. */
export type NativeStore = { readonly [storeType]: true };

/** A text for the library: valid Unicode, and without NUL characters. */
export type Text = string | Uint8Array;

/** What a call came to that was not OK. */
export interface Outcome {
  status: number;
  text?: string;
  message?: string;
  retriable?: boolean;
  serviceCode?: string;
}

/** The text of an OK, or undefined where it has none. */
export type Answer = string | undefined | Outcome;

/** What became of loading a library. */
export interface Loaded {
  /** The loader's, where it refuses the file. */
  message?: string;
  /** 0 where the library does not tell it. */
  abi?: number;
  /** The first function that the library lacks. */
  missing?: string;
  version?: string;
  library?: NativeLibrary;
}

export interface Addon {
  load(path: string): Loaded;
  /** `log` must not throw. */
  open(
    library: NativeLibrary,
    configuration: Text,
    log: (level: number, message: string) => void,
  ): NativeStore | Outcome;
  close(store: NativeStore): void;
  contextHash(library: NativeLibrary, key: string): Answer;

  /** The parts are one text. */
  init(store: NativeStore, data: Text | Uint8Array[]): Promise<Answer>;
  get(store: NativeStore, kind: string, key: string): Promise<Answer>;
  getCached(store: NativeStore, kind: string, key: string): Answer;
  all(store: NativeStore, kind: string): Promise<Answer>;
  allCached(store: NativeStore, kind: string): Answer;
  items(store: NativeStore, kind: string): Promise<string[] | Outcome>;
  upsert(store: NativeStore, kind: string, key: string, item: Text): Promise<Answer>;
  initialized(store: NativeStore): Promise<Answer>;
  initializedCached(store: NativeStore): Answer;
  available(store: NativeStore): Promise<Answer>;
  bigSegmentsMetadata(store: NativeStore): Promise<Answer>;
  bigSegmentsCursor(store: NativeStore): Promise<Answer>;
  bigSegmentsMembership(store: NativeStore, contextHash: string): Promise<Answer>;
  bigSegmentsApplyPatch(store: NativeStore, patch: Text): Promise<Answer>;
  bigSegmentsSetSynchronized(store: NativeStore, milliseconds: string): Promise<Answer>;
  stats(store: NativeStore): Answer;
  setCredentials(store: NativeStore, credentials: Text): Answer;
}

/** The folder of this package. */
export const PACKAGE = join(__dirname, '..');
/** Where the package has the files for this machine. */
export const PACKAGED = join(PACKAGE, 'native', platformName());

const FILE = 'ld_dynamo_store.node';

let loaded: Addon | undefined;

/** The addon, loaded at the first call. Throws `LibraryNotFoundError` where there is none that fits. */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

function load(): Addon {
  const places = [join(PACKAGE, 'build', FILE), join(PACKAGED, FILE)];
  const file = places.find((place) => existsSync(place));
  if (file === undefined) {
    throw new LibraryNotFoundError(
      `the addon of this package was not found for ${platformName()}: no file ${places.join(' or ')}; ` +
        'install the package that make packages makes, or run npm run build in its sources',
    );
  }
  try {
    return require(file) as Addon;
  } catch (failure) {
    const says = failure instanceof Error ? failure.message : String(failure);
    throw new LibraryNotFoundError(`the addon ${file} cannot be loaded: ${says}${advice(says)}`, {
      cause: failure,
    });
  }
}
