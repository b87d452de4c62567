'use strict';

// Answers the requests of the shared cases through this package; tests/cases/README.md has the protocol. Run after `npm run build`, with
// LD_DYNAMO_STORE_LIBRARY set; reads standard input until its end.

const {
  contextHash,
  InvalidArgumentError,
  PatchOutcome,
  STATUSES,
  Store,
  StoreError,
  UpsertOutcome,
} = require('ld-dynamo-store');

const OK = [STATUSES.OK, null];
const NOT_FOUND = [STATUSES.NOT_FOUND, null];
const UPSERTS = {
  [UpsertOutcome.UPDATED]: STATUSES.OK,
  [UpsertOutcome.NOT_NEWER]: STATUSES.NOT_NEWER,
  [UpsertOutcome.TOO_LARGE]: STATUSES.TOO_LARGE,
};
const PATCHES = { [PatchOutcome.APPLIED]: STATUSES.OK, [PatchOutcome.OUT_OF_ORDER]: STATUSES.OUT_OF_ORDER };

// Standard output is for the protocol.
const logger = { error: console.error, warn: console.error, info: console.error, debug: console.error };

const found = (text) => (text === undefined ? NOT_FOUND : [STATUSES.OK, text]);
const foundValue = (value) => found(value === undefined ? undefined : JSON.stringify(value));

const CALLS = {
  get: async (store, kind, key) => found(await store.getText(kind, key)),
  all: async (store, kind) => found(await store.allText(kind)),
  init: async (store, data) => (await store.init(data), OK),
  async upsert(store, kind, key, item) {
    const result = await store.upsert(kind, key, item);
    return [UPSERTS[result.outcome], result.storedText ?? null];
  },
  initialized: async (store) => ((await store.initialized()) ? OK : NOT_FOUND),
  is_available: async (store) => ((await store.available()) ? OK : NOT_FOUND),
  available: async (store) => (await store.checkAvailable(), OK),
  big_segments_metadata: async (store) => found(await store.bigSegmentsMetadataText()),
  big_segments_cursor: async (store) => found(await store.bigSegmentsCursor()),
  big_segments_membership: async (store, context) => foundValue(await store.bigSegmentsMembership(context)),
  big_segments_apply_patch: async (store, patch) => [PATCHES[await store.bigSegmentsApplyPatch(patch)], null],
  big_segments_set_synchronized: async (store, time) => (await store.bigSegmentsSetSynchronized(BigInt(time)), OK),
  set_credentials: (store, credentials) => (store.setCredentials(credentials), OK),
  stats: (store) => foundValue(store.stats()),
};

const nullArgument = (what) => new InvalidArgumentError(`${what} is NULL`, STATUSES.NULL_ARGUMENT);

const stores = new Map();

function close(name) {
  const store = stores.get(name);
  stores.delete(name);
  store?.close();
  return store;
}

function storeOf(name) {
  const store = stores.get(name);
  if (store === undefined) {
    throw new Error(`there is no store ${name}`);
  }
  return store;
}

async function result(call, name, parameters) {
  if (call === 'new') {
    close(name);
    if (parameters[0] === null) {
      throw nullArgument('configuration');
    }
    stores.set(name, Store.fromJson(parameters[0], { logger }));
    return OK;
  }
  if (parameters.includes(null)) {
    // This package has no NULL: null is a TypeError before any call.
    throw nullArgument('an argument');
  }
  if (call === 'context_hash') {
    return found(contextHash(parameters[0]));
  }
  if (call === 'free') {
    storeOf(name);
    close(name);
    return OK;
  }
  return CALLS[call](storeOf(name), ...parameters);
}

async function answer([call, name, ...parameters]) {
  try {
    const [status, text] = await result(call, name, parameters);
    return [status, text, null, null, null];
  } catch (failure) {
    if (!(failure instanceof StoreError)) {
      throw failure;
    }
    return [failure.status, null, failure.message, failure.serviceCode ?? null, failure.retriable ? 1 : 0];
  }
}

/** The lines and bytes of standard input, as they come. */
class Input {
  #chunks = process.stdin[Symbol.asyncIterator]();
  #buffer = Buffer.alloc(0);

  async #more() {
    const { value, done } = await this.#chunks.next();
    if (!done) {
      this.#buffer = Buffer.concat([this.#buffer, value]);
    }
    return !done;
  }

  async bytes(length) {
    while (this.#buffer.length < length) {
      if (!(await this.#more())) {
        throw new Error('the input ended inside a frame');
      }
    }
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  /** The number in the next line; null at the end of the input. */
  async number() {
    let end;
    while ((end = this.#buffer.indexOf('\n')) < 0) {
      if (!(await this.#more())) {
        return null;
      }
    }
    return Number((await this.bytes(end + 1)).toString());
  }

  async fields() {
    const count = await this.number();
    if (count === null) {
      return null;
    }
    const fields = [];
    for (let index = 0; index < count; index += 1) {
      const length = await this.number();
      if (length === null) {
        throw new Error('the input ended inside a frame');
      }
      fields.push(length < 0 ? null : (await this.bytes(length + 1)).subarray(0, length).toString());
    }
    return fields;
  }
}

function frame(fields) {
  const lines = fields.map((field) => (field === null ? '-1\n' : `${Buffer.byteLength(String(field))}\n${field}\n`));
  return `${fields.length}\n${lines.join('')}`;
}

async function main() {
  const input = new Input();
  let request;
  while ((request = await input.fields()) !== null) {
    if (request[0] === null || request[1] === null) {
      throw new Error('the call and the store name cannot be NULL');
    }
    process.stdout.write(frame(await answer(request)));
  }
}

main().catch((failure) => {
  console.error('case_driver:', failure);
  process.exit(1);
});
