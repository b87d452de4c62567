// Arguments as the native library takes them: Unicode without a NUL character.

import type { Text } from './addon';
import { refused } from './errors';
import type { StatusName } from './statuses';

const HALF_OF_A_PAIR = /\p{Surrogate}/u;

const isWellFormed: (value: string) => boolean =
  // From Node 20 on; much faster on long texts.
  'isWellFormed' in String.prototype
    ? (value) => (value as unknown as { isWellFormed(): boolean }).isWellFormed()
    : (value) => !HALF_OF_A_PAIR.test(value);

/** Why a text cannot be handed to C, or undefined. */
function fault(value: string): string | undefined {
  const nul = value.indexOf('\0');
  if (nul >= 0) {
    return `has a NUL character at position ${nul}`;
  }
  if (isWellFormed(value)) {
    return undefined;
  }
  return `is not valid Unicode text: it has half of a surrogate pair at position ${value.search(HALF_OF_A_PAIR)}`;
}

/** A kind, key or hash as it is; the refusal is the status of one that C could not take. */
export function textArgument(value: unknown, refusal: StatusName, name: string): string {
  if (typeof value !== 'string') {
    throw new TypeError(`${name} must be a string, not ${typeName(value)}`);
  }
  const found = fault(value);
  if (found !== undefined) {
    throw refused(refusal, `${name} ${found}`);
  }
  return value;
}

/** Whether a key is one that no row can have, because C could not even take it. */
export function isImpossible(key: unknown): boolean {
  return typeof key === 'string' && fault(key) !== undefined;
}

/** Objects of which JSON makes `{}`, whatever they hold: the mistakes of a forgotten `await` and of an answer's `arrayBuffer()`. */
export function refuseEmptied(value: object, name: string): void {
  const isEmptied =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    typeof (value as { then?: unknown }).then === 'function';
  if (isEmptied) {
    throw new TypeError(`${name} must be an object, JSON text or a Uint8Array, not ${typeName(value)}`);
  }
}

/** The JSON text of an argument: a text as it is, an object as `JSON.stringify` writes it. */
export function payloadArgument(value: unknown, name: string): Text {
  if (typeof value === 'string') {
    return textArgument(value, 'INVALID_JSON', name);
  }
  if (value instanceof Uint8Array) {
    const nul = value.indexOf(0);
    if (nul >= 0) {
      throw refused('INVALID_JSON', `${name} has a NUL character at byte ${nul}`);
    }
    return value;
  }
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name} must be an object, JSON text or a Uint8Array, not ${typeName(value)}`);
  }
  refuseEmptied(value, name);
  let text: string | undefined;
  try {
    // It escapes halves of surrogate pairs and NUL characters.
    text = JSON.stringify(value);
  } catch (failure) {
    throw refused('INVALID_JSON', `${name} is not JSON: ${failure instanceof Error ? failure.message : failure}`);
  }
  if (text === undefined) {
    throw refused('INVALID_JSON', `${name} is not JSON: its toJSON gives nothing`);
  }
  return text;
}

/** A point of time in milliseconds since 1970, which fits into 64 bits, as its decimal digits. */
export function millisecondsArgument(value: unknown, name: string): string {
  if (value instanceof Date) {
    return millisecondsArgument(value.getTime(), name);
  }
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) {
      throw refused('INVALID_BIG_SEGMENTS', `${name} must be whole milliseconds since 1970, not ${value}`);
    }
    return millisecondsArgument(BigInt(value), name);
  }
  if (typeof value !== 'bigint') {
    throw new TypeError(`${name} must be a number, a bigint or a Date, not ${typeName(value)}`);
  }
  if (BigInt.asIntN(64, value) !== value) {
    throw refused('INVALID_BIG_SEGMENTS', `${name} must be in milliseconds since 1970 and fit into 64 bits`);
  }
  return value.toString();
}

export function typeName(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
}
