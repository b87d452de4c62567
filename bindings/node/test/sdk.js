'use strict';

// What the tests of the adapter share.

const { CREDENTIALS, REGION, silent } = require('./engine');

const flag = (key, version, value = true) => ({
  key,
  version,
  on: true,
  variations: [value, 'off'],
  fallthrough: { variation: 0 },
  offVariation: 1,
  salt: 'salt',
  rules: [],
  targets: [],
  prerequisites: [],
});

const FEATURES = { namespace: 'features' };
const SEGMENTS = { namespace: 'segments' };

/** What the SDK hands to a factory. */
const newContext = (logger = silent) => ({ basicConfiguration: { logger } });
const oldContext = (logger = silent) => ({ logger });

/** A store's callbacks as promises. */
const asked = (method, ...parameters) => new Promise((resolve) => method(...parameters, resolve));

/** Options of the adapter for a table of an engine. */
const optionsFor = (table, more = {}) => ({ clientOptions: table.engine.clientOptions, cacheTTL: 0, ...more });

module.exports = { asked, CREDENTIALS, FEATURES, flag, newContext, oldContext, optionsFor, REGION, SEGMENTS, silent };
