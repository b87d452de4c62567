'use strict';

// The frames of tests/cases/README.md's protocol, over standard input and output.

/** Yields the fields of each request. */
async function* requests(stream) {
  let rest = Buffer.alloc(0);
  const chunks = stream[Symbol.asyncIterator]();
  const more = async () => {
    const { value, done } = await chunks.next();
    if (done) {
      return false;
    }
    rest = Buffer.concat([rest, value]);
    return true;
  };
  const number = async () => {
    let end;
    while ((end = rest.indexOf(10)) < 0) {
      if (!(await more())) {
        return undefined;
      }
    }
    const line = Number(rest.subarray(0, end).toString());
    rest = rest.subarray(end + 1);
    return line;
  };
  const field = async () => {
    const length = await number();
    if (length < 0) {
      return null;
    }
    while (rest.length < length + 1) {
      if (!(await more())) {
        throw new Error('a request ends within a field');
      }
    }
    const text = rest.subarray(0, length).toString();
    rest = rest.subarray(length + 1);
    return text;
  };
  for (let count = await number(); count !== undefined; count = await number()) {
    const fields = [];
    for (let index = 0; index < count; index += 1) {
      fields.push(await field());
    }
    yield fields;
  }
}

/** Writes the fields of an answer. */
function write(fields) {
  const frame = fields.map(field => (field === null ? '-1\n' : `${Buffer.byteLength(field)}\n${field}\n`));
  process.stdout.write(`${fields.length}\n${frame.join('')}`);
}

module.exports = { requests, write };
