'use strict';

const { join } = require('node:path');

const { silent } = require('../engine');

const dist = join(__dirname, '../../dist/launchdarkly');
const { prepare } = require(join(dist, 'opening.js'));
const { PersistentStore } = require(join(dist, 'persistent_store.js'));
const { Table } = require(join(dist, 'table.js'));

/** The version stands in the text, where the SDK finds it; the tests look for it beside the text, too. */
const told = (item) => item && { ...item, version: JSON.parse(item.serializedItem).version };

module.exports.default = class DynamoDBCore extends PersistentStore {
  constructor(table, state, logger = silent) {
    const opened = new Table(prepare(table, state.options)(logger), logger);
    super(opened);
    this.opened = opened;
  }

  get(kind, key, callback) {
    super.get(kind, key, (item) => callback(told(item)));
  }

  getAll(kind, callback) {
    super.getAll(kind, (items) => callback(items.map(({ key, item }) => ({ key, item: told(item) }))));
  }

  close() {
    this.opened.close();
  }
};
