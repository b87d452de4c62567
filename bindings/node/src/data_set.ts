// The text of a data set in parts, each of which is made and encoded in a turn of the event loop of its own: many megabytes at once would hold it.

import { setImmediate as nextTurn } from 'node:timers/promises';

const PART_LENGTH = 256 * 1024;
const ITEMS_IN_A_PART = 256;

/** An item's key and its JSON text. */
export type ItemText = [key: string, text: string];

/** A long text in parts, none of which begins with the second half of a surrogate pair. */
export function* partsOfText(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(start + PART_LENGTH, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) {
      end -= 1;
    }
    yield text.slice(start, end);
    start = end;
  }
}

/** The text of a data set whose items are texts already, in parts. */
export function* partsOfItems<Kind>(kinds: Kind[], of: (kind: Kind) => [string, ItemText[]]): Generator<string> {
  let before = '{';
  for (const kind of kinds) {
    const [name, items] = of(kind);
    before += `${JSON.stringify(name)}:{`;
    for (let start = 0; start < items.length; start += ITEMS_IN_A_PART) {
      const members = items
        .slice(start, start + ITEMS_IN_A_PART)
        .map(([key, text]) => `${JSON.stringify(key)}:${text}`);
      yield before + members.join(',');
      before = ',';
    }
    before = before === ',' ? '},' : `${before}},`;
  }
  yield before === '{' ? '{}' : `${before.slice(0, -1)}}`;
}

/** UTF-8 of each part. */
export async function encoded(parts: Iterable<string>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const part of parts) {
    all.push(Buffer.from(part));
    await nextTurn();
  }
  return all;
}

/** Whether a text is worth to be encoded in parts. */
export function isLong(text: string): boolean {
  return text.length > PART_LENGTH;
}
