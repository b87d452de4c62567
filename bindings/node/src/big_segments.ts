import { addon } from './addon';
import { textArgument } from './arguments';
import { load } from './library';
import { textOf } from './answers';

/** What became of a patch of Big Segments that did not fail. */
export const PatchOutcome = {
  /** All of it is stored, and the table's cursor is the patch's `version`. */
  APPLIED: 'applied',
  /** The table's cursor is not the patch's `previousVersion`; a patch of one transaction has changed nothing. */
  OUT_OF_ORDER: 'out of order',
} as const;
export type PatchOutcome = (typeof PatchOutcome)[keyof typeof PatchOutcome];

/** Additions to and removals from one side of a Big Segment, as hashes of contexts. */
export interface BigSegmentsChanges {
  add?: string[];
  remove?: string[];
}

/** A patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy. */
export interface BigSegmentsPatch {
  environmentId?: string;
  /** The segment's key and generation, such as `beta-testers.g1`. */
  segmentId: string;
  /** The table's cursor afterwards. */
  version: string;
  /** The table's cursor before; empty where there is none yet. */
  previousVersion?: string;
  changes?: { included?: BigSegmentsChanges; excluded?: BigSegmentsChanges };
}

/** The state of the Big Segments data. */
export interface BigSegmentsMetadata {
  /** When it was last brought up to date, in milliseconds since 1970. */
  synchronizedOn: number;
}

/** By segment reference, such as `beta-testers.g1`: true if the context is included, false if it is excluded. */
export type BigSegmentsMembership = Record<string, boolean>;

/**
 * The key under which Big Segments know a context: the SHA-256 of the context's key, in padded standard base64.
 *
 * LaunchDarkly's SDKs compute it themselves; this is for users without one. Asks no table.
 *
 * @param key The context's key; of a context of several kinds, that of the kind which the segment is about.
 * @param options `library` is the path of the native library; see `load`.
 * @throws InvalidKeyError The key has a NUL character or half of a surrogate pair.
 * @throws LibraryError The native library was not found or does not fit.
 */
export function contextHash(key: string, options: { library?: string | null } = {}): string {
  const text = textArgument(key, 'INVALID_KEY', 'key');
  return textOf(addon().contextHash(load(options.library ?? undefined).native, text)) ?? '';
}
