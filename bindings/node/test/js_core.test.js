'use strict';

// js-core's own tests of its DynamoDB store, over ours, where LAUNCHDARKLY_JS_CORE names a checkout of it. Nothing of it is copied: its tests are
// compiled as they are loaded, find ours under the names of its sources, and our engine under the address that stands in them.

const { readdirSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { after, describe, it } = require('node:test');
const typescript = require('typescript');

const { Engine } = require('./engine');
const { install } = require('./jest_stand_in');

const checkout = process.env.LAUNCHDARKLY_JS_CORE;
const ADDRESS_IN_TESTS = 'http://localhost:8000';
// They replace methods of the official store's insides.
const OF_INSIDES = ['handles batchWrite error during init', 'handles get error', 'it can calculate size'];

async function run() {
  const engine = await Engine.start();
  after(() => engine.stop());
  install();
  globalThis.it = (name, body) => OF_INSIDES.includes(name) || it(name, body);

  const resolve = Module._resolveFilename;
  Module._resolveFilename = (request, parent, ...others) => {
    const source = /^\.\.\/src\/(\w+)$/.exec(request);
    if (source && parent?.filename.startsWith(checkout)) {
      return join(__dirname, 'js_core', `${source[1]}.js`);
    }
    // Packages that its tests import are those of this folder.
    const place = parent?.filename.startsWith(checkout) && !request.startsWith('.') ? module : parent;
    return resolve(request, place, ...others);
  };
  require.extensions['.ts'] = (loaded, file) => {
    const text = readFileSync(file, 'utf8').replaceAll(ADDRESS_IN_TESTS, engine.endpoint);
    const compilerOptions = { module: typescript.ModuleKind.CommonJS, target: typescript.ScriptTarget.ES2022 };
    loaded._compile(typescript.transpileModule(text, { compilerOptions }).outputText, file);
  };

  const folder = join(checkout, 'packages/store/node-server-sdk-dynamodb/__tests__');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) {
    describe(file, { concurrency: 1 }, () => require(join(folder, file)));
  }
}

if (checkout) {
  run();
}
