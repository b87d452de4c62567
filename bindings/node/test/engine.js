'use strict';

// DynamoDB engines on a loopback port, and tables in them.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { createInterface } = require('node:readline');

const repository = resolve(__dirname, '../../..');
const CREDENTIALS = { access_key_id: 'local', secret_access_key: 'local' };
const REGION = 'us-east-1';

// The user's AWS settings and network must not decide how a test ends.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('AWS_') || /^(https?|all)_proxy$/i.test(name)) {
    delete process.env[name];
  }
}
process.env.AWS_EC2_METADATA_DISABLED = 'true';
if (process.env.LD_DYNAMO_STORE_LIBRARY === undefined) {
  const library = join(repository, 'target/release/libld_dynamo_store.so');
  execFileSync(join(repository, 'tests/require_current.sh'), [library], { stdio: 'inherit' });
  process.env.LD_DYNAMO_STORE_LIBRARY = library;
}

const { Store } = require('ld-dynamo-store');

let numbers = 0;

/** One engine process, which ends with this one. */
class Engine {
  static async start(program = 'local-dynamodb', ...parameters) {
    const path = join(repository, 'target/release', program);
    if (!existsSync(path)) {
      throw new Error(`${path} is missing: run cargo build --release -p ${program}`);
    }
    const child = spawn(path, ['--exit-with-stdin', ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const [endpoint] = await once(lines, 'line');
    // A test that ends does not wait for its engine.
    child.unref();
    child.stdin.unref();
    child.stdout.unref();
    return new this(child, endpoint);
  }

  constructor(child, endpoint) {
    this.child = child;
    this.endpoint = endpoint;
  }

  get port() {
    return Number(new URL(this.endpoint).port);
  }

  /** As options of a client of the AWS SDK. */
  get clientOptions() {
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = CREDENTIALS;
    return { endpoint: this.endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey } };
  }

  /** One request of DynamoDB's, as another writer would send it. */
  async request(operation, body) {
    const answer = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20260101T000000Z',
      },
      body: JSON.stringify(body),
    });
    if (!answer.ok) {
      throw new Error(`${operation}: ${answer.status} ${await answer.text()}`);
    }
    return answer.json();
  }

  async newTable(name = `table-${++numbers}`) {
    const attribute = (key) => ({ AttributeName: key, AttributeType: 'S' });
    await this.request('CreateTable', {
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'namespace', KeyType: 'HASH' },
        { AttributeName: 'key', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [attribute('namespace'), attribute('key')],
    });
    return new Table(this, name);
  }

  async stop() {
    this.child.ref();
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** The scriptable endpoint: it also counts requests, and fails on demand. */
class FakeEngine extends Engine {
  static start(...parameters) {
    return super.start('fake-dynamodb', ...parameters);
  }

  /** Sends a control request: POST with a body, else GET. */
  async control(command, body) {
    const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${this.endpoint}/_control/${command}`, options)).json();
  }

  async requests(operation) {
    return (await this.control('counters')).requests[operation] ?? 0;
  }

  rule(rule) {
    return this.control('rules', rule);
  }
}

/** One table of an engine. */
class Table {
  constructor(engine, name) {
    this.engine = engine;
    this.name = name;
  }

  /** The options of a `Store` on this table that does not cache. */
  get settings() {
    return { endpoint: this.engine.endpoint, region: REGION, credentials: CREDENTIALS, cache_ttl_ms: 0 };
  }

  store(settings = {}) {
    return new Store(this.name, { ...this.settings, logger: silent, ...settings });
  }

  /** Puts a row as another writer would. */
  put(namespace, key, attributes) {
    const row = { namespace: { S: namespace }, key: { S: key }, ...attributes };
    return this.engine.request('PutItem', { TableName: this.name, Item: row });
  }

  async row(namespace, key) {
    const answer = await this.engine.request('GetItem', {
      TableName: this.name,
      Key: { namespace: { S: namespace }, key: { S: key } },
      ConsistentRead: true,
    });
    return answer.Item;
  }

  async rows() {
    return (await this.engine.request('Scan', { TableName: this.name })).Items;
  }

  async remove({ namespace, key }) {
    await this.engine.request('DeleteItem', { TableName: this.name, Key: { namespace, key } });
  }
}

/** A logger that keeps what it is told. */
class Log {
  lines = [];
  error = (message) => this.lines.push(['error', message]);
  warn = (message) => this.lines.push(['warn', message]);
  info = (message) => this.lines.push(['info', message]);
  debug = (message) => this.lines.push(['debug', message]);

  of(level) {
    return this.lines.filter(([found]) => found === level).map(([, message]) => message);
  }
}

const silent = { error() {}, warn() {}, info() {}, debug() {} };

module.exports = { CREDENTIALS, Engine, FakeEngine, Log, REGION, repository, silent, Table };
