'use strict';

// Puts the addon that was built, and the library that LD_DYNAMO_STORE_BUILD_LIBRARY names, where a package has them for this platform.

const { copyFileSync, mkdirSync } = require('node:fs');
const { join } = require('node:path');

const { platformName } = require('../dist/platform.js');

const folder = join(__dirname, platformName());
mkdirSync(folder, { recursive: true });
copyFileSync(join(__dirname, '../build/ld_dynamo_store.node'), join(folder, 'ld_dynamo_store.node'));
const library = process.env.LD_DYNAMO_STORE_BUILD_LIBRARY;
if (library) {
  copyFileSync(library, join(folder, 'libld_dynamo_store.so'));
} else {
  console.warn('The package has no native library: LD_DYNAMO_STORE_BUILD_LIBRARY may name one.');
}
