import { refused } from './errors';

/** A flag, a segment, or an item of a kind of your own; with `deleted` it is a tombstone. */
export interface Item {
  version: number;
  deleted?: boolean;
  [attribute: string]: unknown;
}

/** Items by key. */
export type Items = Record<string, Item>;

/** A data set: items by kind and key. */
export type DataSet = Record<string, Record<string, object>>;

/** The item of a text that the library answered with. */
export function decode(text: string, kind: string, key: string): Item {
  try {
    return JSON.parse(text) as Item;
  } catch (failure) {
    const name = `item ${JSON.stringify(key.slice(0, 100))} of kind ${JSON.stringify(kind)}`;
    throw refused('CORRUPT_ITEM', `${name} is corrupt: ${failure instanceof Error ? failure.message : failure}`);
  }
}

/** What became of an upsert that did not fail. */
export const UpsertOutcome = {
  /** The item is stored. */
  UPDATED: 'updated',
  /** The stored item has the same or a higher version and stays. */
  NOT_NEWER: 'not newer',
  /** The item is over DynamoDB's size limit; the stored item stays, and an error was logged. */
  TOO_LARGE: 'too large',
} as const;
export type UpsertOutcome = (typeof UpsertOutcome)[keyof typeof UpsertOutcome];

/** What became of an upsert. */
export class UpsertResult {
  /** One of three. */
  readonly outcome: UpsertOutcome;
  /** The JSON text of the item that won, for `NOT_NEWER`; otherwise undefined. */
  readonly storedText: string | undefined;
  readonly #kind: string;
  readonly #key: string;

  /** @internal */
  constructor(outcome: UpsertOutcome, kind: string, key: string, storedText?: string) {
    this.outcome = outcome;
    this.storedText = storedText;
    this.#kind = kind;
    this.#key = key;
  }

  /** Whether the item is stored. */
  get updated(): boolean {
    return this.outcome === UpsertOutcome.UPDATED;
  }

  /** The item that won, for `NOT_NEWER`; otherwise undefined. A deleted item is a tombstone. */
  get stored(): Item | undefined {
    return this.storedText === undefined ? undefined : decode(this.storedText, this.#kind, this.#key);
  }
}
