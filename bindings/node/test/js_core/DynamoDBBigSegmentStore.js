'use strict';

const { DynamoDBBigSegmentStore } = require('ld-dynamo-store/launchdarkly');

module.exports = {
  ATTR_EXCLUDED: 'excluded',
  ATTR_INCLUDED: 'included',
  ATTR_SYNC_ON: 'synchronizedOn',
  KEY_METADATA: 'big_segments_metadata',
  KEY_USER_DATA: 'big_segments_user',
  default: class {
    constructor(table, options, logger) {
      return DynamoDBBigSegmentStore(table, options)({ basicConfiguration: { logger } });
    }
  },
};
