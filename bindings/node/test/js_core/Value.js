'use strict';

module.exports = {
  numberValue: (value) => ({ N: String(value) }),
  stringValue: (value) => ({ S: value }),
};
