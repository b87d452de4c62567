'use strict';

module.exports.default = require('ld-dynamo-store/launchdarkly').DynamoDBBigSegmentStore;
