'use strict';

const { DynamoDBFeatureStore } = require('ld-dynamo-store/launchdarkly');

module.exports.default = class {
  constructor(table, options, logger) {
    return DynamoDBFeatureStore(table, options)({ basicConfiguration: { logger } });
  }
};
