'use strict';

// LaunchDarkly's own store for Node: the current one out of the checkout of js-core that LAUNCHDARKLY_JS_CORE names, compiled as it is loaded; else
// the last one that the registry has, which `make setup` installs, with the old SDK.

const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');

const { repository } = require('../test/engine');

const checkout = process.env.LAUNCHDARKLY_JS_CORE;

function current() {
  const typescript = require('typescript');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = (request, parent, ...others) => {
    const isPackage = parent?.filename.startsWith(checkout) && !request.startsWith('.');
    return resolve(request, isPackage ? module : parent, ...others);
  };
  require.extensions['.ts'] = (loaded, file) => {
    const compilerOptions = { module: typescript.ModuleKind.CommonJS, target: typescript.ScriptTarget.ES2022 };
    loaded._compile(typescript.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText, file);
  };
  const { DynamoDBFeatureStore } = require(join(checkout, 'packages/store/node-server-sdk-dynamodb/src/index.ts'));
  return { name: 'js-core', DynamoDBFeatureStore, contextOf: (logger) => ({ basicConfiguration: { logger } }) };
}

function old() {
  process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = '1';
  const require = Module.createRequire(join(repository, 'target/interop/node/package.json'));
  const { DynamoDBFeatureStore } = require('launchdarkly-node-server-sdk-dynamodb');
  const clientOptions = ({ credentials, ...others }) => ({ ...others, ...credentials });
  return {
    name: 'launchdarkly-node-server-sdk-dynamodb 4',
    DynamoDBFeatureStore: (table, options) =>
      DynamoDBFeatureStore(table, { ...options, clientOptions: clientOptions(options.clientOptions) }),
    contextOf: (logger) => ({ logger }),
  };
}

module.exports = checkout ? current() : old();
