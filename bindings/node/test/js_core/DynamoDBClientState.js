'use strict';

// The options of a store, and what the tests clear a table with.

const { BatchWriteItemCommand } = require('@aws-sdk/client-dynamodb');

module.exports.default = class DynamoDBClientState {
  constructor(options) {
    this.options = options;
  }

  async batchWrite(table, operations) {
    for (let start = 0; start < operations.length; start += 25) {
      const RequestItems = { [table]: operations.slice(start, start + 25) };
      await this.options.dynamoDBClient.send(new BatchWriteItemCommand({ RequestItems }));
    }
  }
};
