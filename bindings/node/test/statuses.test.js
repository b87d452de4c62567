'use strict';

const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { it } = require('node:test');

const errors = require('ld-dynamo-store');
const { STATUSES, StoreError } = errors;
const { errorClass } = require('../dist/errors.js');
const { ABI_MAJOR, ABI_MINOR } = require('../dist/library.js');
const { LOG_LEVELS } = require('../dist/statuses.js');
const { repository } = require('./engine');

const header = readFileSync(join(repository, 'include/ld_dynamo_store.h'), 'utf8');
const constants = Object.fromEntries(
  [...header.matchAll(/^#define LD_DYNAMO_(\w+) (-?\d+)$/gm)].map(([, name, number]) => [name, Number(number)]),
);
const { ABI_MAJOR: major, ABI_MINOR: minor, VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH, ...numbers } = constants;

it('has all the statuses of the header, and no others', () => {
  const statuses = Object.fromEntries(Object.entries(numbers).filter(([name]) => !name.startsWith('LOG_')));
  assert.ok(Object.keys(statuses).length >= 30);
  assert.deepEqual({ ...STATUSES }, statuses);
});

it('has all the log levels of the header, and no others', () => {
  const levels = Object.entries(numbers).filter(([name]) => name.startsWith('LOG_'));
  assert.deepEqual({ ...LOG_LEVELS }, Object.fromEntries(levels.map(([name, level]) => [name.slice(4), level])));
});

it('needs the ABI of the header', () => {
  assert.deepEqual([ABI_MAJOR, ABI_MINOR], [major, minor]);
});

it('has the version of the header', () => {
  const { version } = require('ld-dynamo-store/package.json');
  assert.equal(version, [VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH].join('.'));
});

it('has a class of its own for every failure', () => {
  const failures = Object.values(STATUSES).filter((status) => status < 0);
  const classes = failures.map(errorClass);
  assert.equal(new Set(classes).size, failures.length);
  for (const found of classes) {
    assert.ok(found.prototype instanceof StoreError);
    assert.equal(errors[found.name], found);
  }
});

it('names the class of a failure as its status, with few exceptions', () => {
  const others = { NULL_ARGUMENT: 'InvalidArgument', INVALID_CONFIGURATION: 'Configuration', SERVICE_ERROR: 'Service' };
  for (const [name, status] of Object.entries(STATUSES).filter(([, status]) => status < 0)) {
    const words = name.toLowerCase().replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());
    assert.equal(errorClass(status).name, `${others[name] ?? words}Error`);
  }
});

it('gives a failure that it does not know the class of its group', () => {
  assert.equal(errorClass(-99), errors.InvalidArgumentError);
  assert.equal(errorClass(-199), errors.ConfigurationError);
  assert.equal(errorClass(-299), errors.ServiceError);
  assert.equal(errorClass(-399), errors.ThrottledError);
  assert.equal(errorClass(-499), errors.ConnectivityError);
  assert.equal(errorClass(-599), errors.CorruptItemError);
  assert.equal(errorClass(-699), errors.ReadOnlyError);
  assert.equal(errorClass(-999), errors.InternalError);
  assert.equal(errorClass(-799), StoreError);
  assert.equal(new StoreError('text', -799).code, 'UNKNOWN');
});
