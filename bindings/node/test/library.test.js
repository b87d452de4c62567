'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const { join, relative, resolve } = require('node:path');
const { after, before, describe, it } = require('node:test');

const { LibraryError, LibraryMismatchError, LibraryNotFoundError, load, Store } = require('ld-dynamo-store');
const { advice, platformName } = require('../dist/platform.js');
const { compile, stub } = require('./stub');

const refusal = (library, type, ...parts) =>
  assert.throws(
    () => load(library),
    (error) => {
      assert.ok(error instanceof type && error instanceof LibraryError, String(error));
      for (const part of parts) {
        assert.match(error.message, part);
      }
      return true;
    },
  );

describe('a library', () => {
  it('is loaded once, by whatever path it is named', () => {
    const library = load(stub());
    assert.equal(library.path, stub());
    assert.equal(library.version, '0.0.0-stub');
    assert.deepEqual(library.abi, [1, 3]);
    assert.equal(load(relative(process.cwd(), stub())), library);
    assert.deepEqual(Object.keys(library).sort(), ['abi', 'path', 'version']);
  });

  it('must be there', () => {
    refusal('/no/such/library.so', LibraryNotFoundError, /option library names \/no\/such\/library.so/);
    refusal(tmpdir(), LibraryNotFoundError, /there is no such file/);
    assert.throws(() => new Store('table', { library: '/no/such/library.so' }), LibraryNotFoundError);
  });

  it('must be one for this machine', () => {
    refusal(__filename, LibraryNotFoundError, /cannot be loaded: /, /invalid ELF header/, new RegExp(platformName()));
  });

  it('must be this library', () => {
    const other = compile('other.so', [], join(__dirname, 'other_library.c'));
    refusal(other, LibraryMismatchError, /is another library: it has no function ld_dynamo_abi_version/);
  });

  it('must have our major version of the ABI, and our minor one at least', () => {
    const needs = /needs 1\.3 or a later 1\.x: upgrade the/;
    refusal(
      compile('old.so', ['ABI_VERSION=(1<<16|2)']),
      LibraryMismatchError,
      /ABI version 1\.2/,
      needs,
      /native library$/,
    );
    refusal(
      compile('new.so', ['ABI_VERSION=(2<<16)']),
      LibraryMismatchError,
      /ABI version 2\.0/,
      needs,
      /npm package$/,
    );
    assert.deepEqual(load(compile('later.so', ['ABI_VERSION=(1<<16|9)'])).abi, [1, 9]);
  });

  it('must have every function', () => {
    const part = compile('part.so', ['WITHOUT_JSON_MEMBERS']);
    refusal(part, LibraryMismatchError, /has no function ld_dynamo_json_members: upgrade the native library/);
  });
});

describe('the search for a library', () => {
  let folder, installed;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'ld-dynamo-store-')));
    installed = join(folder, 'node_modules/ld-dynamo-store');
    for (const name of ['dist', 'esm', 'build', 'package.json']) {
      cpSync(join(__dirname, '..', name), join(installed, name), { recursive: true });
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const path = (environment = {}, expression = 'load().path') =>
    execFileSync(process.execPath, ['-p', `const { load } = require('ld-dynamo-store'); ${expression}`], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...environment },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();

  const message = (environment) => path(environment, 'try { load() } catch (error) { String(error) }');

  it('takes the first that is given or exists', () => {
    const places = join(folder, 'system');
    mkdirSync(places);
    assert.match(
      message(),
      /LibraryNotFoundError: .*no option library, no variable LD_DYNAMO_STORE_LIBRARY, no file .*native\//,
    );
    copyFileSync(stub(), join(places, 'libld_dynamo_store.so'));
    const system = { LD_LIBRARY_PATH: places };
    assert.equal(path(system), 'libld_dynamo_store.so');
    symlinkSync('libld_dynamo_store.so', join(places, 'libld_dynamo_store.so.1'));
    assert.equal(path(system), 'libld_dynamo_store.so.1');

    const packaged = join(installed, 'native', platformName());
    mkdirSync(packaged, { recursive: true });
    copyFileSync(stub(), join(packaged, 'libld_dynamo_store.so'));
    assert.equal(path(system), join(packaged, 'libld_dynamo_store.so'));

    const named = { ...system, LD_DYNAMO_STORE_LIBRARY: stub() };
    assert.equal(path(named), stub());
    const argument = resolve(packaged, 'libld_dynamo_store.so');
    assert.equal(path(named, `load(${JSON.stringify(argument)}).path`), argument);
    assert.equal(path({ ...system, LD_DYNAMO_STORE_LIBRARY: '' }), join(packaged, 'libld_dynamo_store.so'));
  });

  it('does not cover up an error', () => {
    assert.match(message({ LD_DYNAMO_STORE_LIBRARY: '/no/such' }), /variable LD_DYNAMO_STORE_LIBRARY names \/no\/such/);
  });

  it('says that an addon is missing, or for another machine', () => {
    const addon = join(installed, 'build/ld_dynamo_store.node');
    writeFileSync(addon, 'no addon');
    const named = { LD_DYNAMO_STORE_LIBRARY: stub() };
    assert.match(
      message(named),
      /LibraryNotFoundError: the addon .* cannot be loaded: .*; this is .*-linux-(gnu|musl)/,
    );
    rmSync(addon);
    assert.match(message(named), /LibraryNotFoundError: the addon of this package was not found for .*npm run build/);
  });
});

it('what does not load is explained', () => {
  assert.match(advice("version `GLIBC_2.34' not found"), /this glibc is older/);
  assert.equal(advice('Permission denied'), '');
  assert.match(advice('wrong ELF class'), /needs the package for it, not for another processor or C library/);
});
