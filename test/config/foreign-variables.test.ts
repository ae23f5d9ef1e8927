// Variables that other software or an operator put into the environment: none of them stops a start without need, and none is
// taken for a setting unnoticed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment } from '../../src/config/load.ts';
import { configOf, faultsOf, good, warningsOf } from './variables.ts';

test('a variable of other software with one of our prefixes is ignored with a warning', () => {
  const foreign = {
    AEROSPIKE_CLOUD_KEY: 'k',
    AEROSPIKE_CLOUD_SECRET: 's',
    AUTH_TOKEN: 't',
    REDIS_PASSWORD: 'p',
    SHUTDOWN_DELAY: '5000',
  };
  const warnings = Object.keys(foreign).map((name) => `${name}: is not a setting and is ignored`);
  assert.deepEqual(warningsOf({ ...good, ...foreign }), warnings);
});

test('a likely misspelling is a fault only while the setting that was meant is not set', () => {
  const misspelt = { ...good, POLICY_TEST_FILE: 'tests.yaml' };
  assert.match(faultsOf(misspelt).join('\n'), /^POLICY_TEST_FILE: .*expected POLICY_TESTS_FILE$/);
  const beside = { ...misspelt, POLICY_TESTS_FILE: 'tests.yaml' };
  assert.deepEqual(warningsOf(beside), ['POLICY_TEST_FILE: is not a setting and is ignored']);
});

test('two edits away from a setting is a misspelling, three are another word', () => {
  assert.match(faultsOf({ ...good, UPSTREAM_TIMEOUT: '1' }).join(), /^$/);
  assert.match(faultsOf({ ...good, UPSTREAM_TIMEOUTS: '1' }).join(), /expected UPSTREAM_TIMEOUT_MS/);
});

for (const quoted of ['"8081"', "'8081'"])
  test(`PORT=${quoted} is a fault that says so, and shows no value`, () => {
    assert.deepEqual(faultsOf({ ...good, PORT: quoted }), [
      'PORT: found a value in quotation marks; expected the value without them',
    ]);
  });

test('a quoted secret, and a quoted path of one, are faults that name the variable', () => {
  const { AEROSPIKE_CLIENT_ID: _, ...rest } = good;
  for (const name of ['AEROSPIKE_CLIENT_ID', 'AEROSPIKE_CLIENT_ID_FILE'])
    assert.deepEqual(faultsOf({ ...rest, [name]: '"a quoted secret"' }), [
      `${name}: found a value in quotation marks; expected the value without them`,
    ]);
});

for (const [name, value] of [
  ['HTTPS_PROXY', 'user:the-password@proxy.example:3128'],
  ['HTTPS_PROXY', 'socks5://user:the-password@proxy.example'],
  ['https_proxy', 'http://user:the-password@proxy.example/path'],
  ['HTTP_PROXY', 'http://user:the-password%zz@proxy.example'],
] as const)
  test(`${name}=${value} is a fault that does not show the password`, () => {
    const [fault = '', ...more] = faultsOf({ ...good, [name]: value });
    assert.match(fault, new RegExp(`^${name}: found .*; expected the http:// or https:// URL`));
    assert.ok(!fault.includes('the-password'), fault);
    assert.deepEqual(more, []);
  });

test('an entry of NO_PROXY that names no host is a warning', () => {
  const usable = 'localhost,.acme.example *.acme.example,acme.example:443,10.0.0.7,::1,[::1]:443,*';
  assert.deepEqual(warningsOf({ ...good, NO_PROXY: usable }), []);
  assert.deepEqual(warningsOf({ ...good, no_proxy: `${usable},10.0.0.0/8,10.0.0.*` }), [
    'NO_PROXY: the entry 10.0.0.0/8 has no effect: it must be a host',
    'NO_PROXY: the entry 10.0.0.* has no effect: it must be a host',
  ]);
});

const tracing = (environment: Environment) => configOf({ ...good, ...environment }).tracing;
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.acme.example:4318' };

test('traces may go to a collector of another machine by http, and words are taken in any case', () => {
  const url = 'http://collector.acme.example:4318/v1/traces';
  assert.deepEqual(tracing(endpoint), { url, protocol: 'http/json' });
  const shouted = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/Protobuf',
    OTEL_SDK_DISABLED: 'FALSE',
    OTEL_TRACES_EXPORTER: 'OTLP',
  };
  assert.deepEqual(tracing({ ...endpoint, ...shouted }), { url, protocol: 'http/protobuf' });
  const several = { OTEL_TRACES_EXPORTER: 'otlp,console' };
  assert.deepEqual(tracing({ ...endpoint, ...several }), { url, protocol: 'http/json' });
  assert.deepEqual(warningsOf({ ...good, ...endpoint, ...several }), []);
  for (const off of [{ OTEL_SDK_DISABLED: 'True' }, { OTEL_TRACES_EXPORTER: 'None' }]) {
    assert.equal(tracing({ ...endpoint, ...off }), undefined);
    assert.deepEqual(warningsOf({ ...good, ...endpoint, ...off }), []);
  }
});

for (const [name, value, traced] of [
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', false],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc', false],
  ['OTEL_TRACES_EXPORTER', 'console', false],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', false],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector:4317', true],
  ['OTEL_SDK_DISABLED', 'yes', true],
  ['OTEL_TRACES_EXPORTER', '"otlp"', false],
] as const)
  test(`${name}=${value} is one warning and no fault`, () => {
    const environment = { ...good, ...endpoint, [name]: value };
    const [warning = '', ...more] = warningsOf(environment);
    assert.ok(warning.startsWith(`${name}: found ${JSON.stringify(value)}; expected `), warning);
    assert.deepEqual(more, []);
    assert.equal(configOf(environment).tracing !== undefined, traced);
  });
