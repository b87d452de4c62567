'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, before, describe, it } = require('node:test');

const { platformName } = require('../dist/platform.js');
const { Engine, repository } = require('./engine');

const source = join(__dirname, '..');
const ARCHIVE = `ld-dynamo-store-${require('ld-dynamo-store/package.json').version}.tgz`;

describe('the package', () => {
  let folder, installed;

  const run = (command, parameters, options = {}) =>
    execFileSync(command, parameters, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'ld-dynamo-store-')));
    // Not where other tests use what is built.
    const copy = join(folder, 'bindings/node');
    cpSync(source, copy, { recursive: true, filter: (path) => !/\/(node_modules|build|dist|test)$/.test(path) });
    cpSync(join(repository, 'include'), join(folder, 'include'), { recursive: true });
    run('ln', ['-s', join(source, 'node_modules'), join(copy, 'node_modules')]);
    const environment = { ...process.env, LD_DYNAMO_STORE_BUILD_LIBRARY: process.env.LD_DYNAMO_STORE_LIBRARY };
    run('npm', ['pack', '--silent', copy], { env: environment });
    writeFileSync(join(folder, 'package.json'), '{}');
    run('npm', ['install', '--offline', '--silent', join(folder, ARCHIVE)]);
    installed = join(folder, 'node_modules/ld-dynamo-store');
    for (const sdk of ['@launchdarkly', 'launchdarkly-node-server-sdk', '@types', 'undici-types']) {
      run('ln', ['-s', join(source, 'node_modules', sdk), join(folder, 'node_modules', sdk)]);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it('holds what is built, and neither sources nor tests', () => {
    const names = run('tar', ['-tzf', ARCHIVE]).split('\n');
    const native = `package/native/${platformName()}`;
    for (const name of [
      'package/dist/index.js',
      'package/dist/index.d.ts',
      'package/dist/launchdarkly.js',
      'package/esm/index.mjs',
      'package/esm/launchdarkly.d.mts',
      'package/LICENSE',
      'package/README.md',
      `${native}/ld_dynamo_store.node`,
      `${native}/libld_dynamo_store.so`,
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(!names.some((name) => /\.c$|\/src\/|\/test|case_driver|node_modules/.test(name)), names.join(' '));
    assert.deepEqual(readFileSync(join(source, 'LICENSE')), readFileSync(join(repository, 'LICENSE')));
  });

  it('gives import and require the same objects', () => {
    for (const [entry, minimum] of [
      ['ld-dynamo-store', 35],
      ['ld-dynamo-store/launchdarkly', 3],
    ]) {
      const program = `
        import * as imported from '${entry}';
        import { createRequire } from 'node:module';
        const required = createRequire(import.meta.url)('${entry}');
        const names = Object.keys(required);
        const others = names.filter((name) => imported[name] !== required[name]);
        console.log(JSON.stringify([names.length >= ${minimum}, others]));`;
      writeFileSync(join(folder, 'both.mjs'), program);
      assert.equal(run(process.execPath, ['both.mjs'], { env: { PATH: process.env.PATH } }), '[true,[]]\n');
    }
  });

  it('finds its own library', () => {
    const program = "console.log(require('ld-dynamo-store').load().path)";
    const path = run(process.execPath, ['-e', program], { env: { PATH: process.env.PATH } }).trim();
    assert.equal(path, join(installed, 'native', platformName(), 'libld_dynamo_store.so'));
  });

  it('has types that the SDKs take, in every way to resolve modules', () => {
    const program = readFileSync(join(__dirname, 'types.ts'), 'utf8');
    writeFileSync(join(folder, 'program.ts'), program);
    mkdirSync(join(folder, 'modules'));
    writeFileSync(join(folder, 'modules/package.json'), '{"type": "module"}');
    writeFileSync(join(folder, 'modules/program.ts'), program);
    const compiler = join(source, 'node_modules/.bin/tsc');
    const strict = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node'];
    const check = (...options) => run(compiler, [...strict, ...options]);
    try {
      check('--module', 'node16', 'program.ts', 'modules/program.ts');
      check('--module', 'es2022', '--moduleResolution', 'bundler', 'program.ts');
      check('--module', 'commonjs', '--moduleResolution', 'node10', 'program.ts');
    } catch (failure) {
      assert.fail(failure.stdout);
    }
  });

  it('runs the example', async () => {
    const engine = await Engine.start('local-dynamodb', '--create-table', 'flags');
    const examples = join(repository, 'examples/node');
    const env = {
      PATH: process.env.PATH,
      ENDPOINT: engine.endpoint,
      TABLE: 'flags',
      NODE_PATH: join(folder, 'node_modules'),
    };
    env.AWS_REGION = 'us-east-1';
    env.AWS_ACCESS_KEY_ID = env.AWS_SECRET_ACCESS_KEY = 'local';
    const file = join(repository, 'examples/flags.json');
    const shown = run(process.execPath, [join(examples, 'main.js'), file], { env });
    for (const line of [
      'initialized before: false',
      'initialized now: true',
      'all: 38 flags and 8 segments',
      'version 5: updated',
      'not newer, version 5 stays',
    ]) {
      assert.ok(shown.includes(line), shown);
    }
    const evaluated = run(process.execPath, [join(examples, 'evaluate.js')], { env });
    assert.match(evaluated, /^home-greeting for a visitor from Greece: /);
    assert.equal(evaluated.trim().split('\n').length, 9);
    await engine.stop();
  });

  it('is formatted, and its TypeScript in order', () => {
    run('npm', ['run', '--silent', 'lint'], { cwd: source });
  });
});
