'use strict';

// The few functions of jest that LaunchDarkly's own tests of stores call, over node:test and node:assert.

const assert = require('node:assert');
const test = require('node:test');

/** Without the members that are undefined, which jest takes for absent. */
const defined = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const containing = Symbol('containing');

function equal(found, expected) {
  if (expected?.[containing]) {
    for (const element of expected[containing]) {
      assert.ok(found.some((one) => isEqual(one, element)));
    }
  } else {
    assert.deepStrictEqual(defined(found), defined(expected));
  }
}

function isEqual(found, expected) {
  try {
    equal(found, expected);
    return true;
  } catch {
    return false;
  }
}

function expect(found) {
  const matchers = {
    toBe: (expected) => assert.ok(Object.is(found, expected)),
    toEqual: (expected) => equal(found, expected),
    toBeNull: () => assert.equal(found, null),
    toBeUndefined: () => assert.equal(found, undefined),
    toBeTruthy: () => assert.ok(found),
  };
  matchers.not = { toBe: (expected) => assert.ok(!Object.is(found, expected)) };
  return matchers;
}
expect.arrayContaining = (elements) => ({ [containing]: elements });

/** Runs a file of tests with these as globals. */
function install() {
  const describe = (name, body) => test.describe(name, { concurrency: 1 }, body);
  describe.each = (cases) => (name, body) => {
    for (const parameters of cases) {
      const values = Array.isArray(parameters) ? parameters : [parameters];
      describe(`${name} ${values}`, () => body(...values));
    }
  };
  const { it, before, after, beforeEach, afterEach } = test;
  Object.assign(globalThis, { describe, it, expect, beforeAll: before, afterAll: after, beforeEach, afterEach });
}

module.exports = { install };
