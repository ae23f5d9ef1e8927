// Settings: every fault at once, nothing half-read, no secret in any word about them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { configOf, faultsOf, good } from './variables.ts';

test('what is not set has the default of the interface', () => {
  const config = configOf(good);
  assert.deepEqual(config.listen, {
    host: '0.0.0.0',
    port: 8080,
    adminHost: '0.0.0.0',
    adminPort: 9090,
    basePath: '',
    trustProxy: [],
    tls: undefined,
  });
  assert.deepEqual(config.auth.issuers[0]?.algorithms, ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']);
  assert.equal(config.auth.clockToleranceSeconds, 5);
  assert.equal(config.auth.jwksMaxStaleMs, 86_400_000);
  assert.deepEqual(config.scopes, {
    create: 'update:database',
    list: 'read:database',
    delete: 'delete:database',
  });
  assert.equal(config.upstream.apiUrl, 'https://api.aerospike.com/v1');
  assert.equal(config.upstream.tokenUrl, 'https://auth.control.aerospike.cloud/oauth/token');
  assert.equal(config.upstream.connectTimeoutMs, 3000);
  assert.equal(config.upstream.timeoutMs, 30_000);
  assert.equal(config.upstream.connections, 64);
  assert.deepEqual(config.limits, { perCallerPerMinute: 60, perAddressPerMinute: 600, maxInFlight: 256 });
  assert.equal(config.shutdownDelayMs, 0);
  assert.equal(config.shutdownGraceMs, 10_000);
  assert.equal(config.logLevel, 'info');
  assert.equal(config.preflight, 'enforce');
  assert.deepEqual(config.audit, { file: undefined, signingKeyFile: undefined });
});

test('an issuer is kept character by character', () => {
  const { issuers } = configOf(good).auth;
  assert.deepEqual(
    issuers.map(({ issuer }) => issuer),
    ['https://idp.acme.example/', 'https://other.example/realm'],
  );
});

test('an empty variable counts as one that is not set', () => {
  assert.equal(configOf({ ...good, PORT: '', ADMIN_HOST: '' }).listen.port, 8080);
});

test('every fault is listed at once, with the name, what was found and what is expected', () => {
  const faults = faultsOf({
    PORT: '70000',
    LOG_LEVEL: 'loud',
    AUTH_ALGORITHMS: 'RS256,HS256',
    AUTH_ISUERS: 'x',
    SHUTDOWN_DELAY_M: '5000',
  });
  const all = faults.join('\n');
  for (const name of [
    'PORT',
    'LOG_LEVEL',
    'AUTH_ALGORITHMS',
    'AUTH_ISSUERS',
    'AUTH_AUDIENCE',
    'POLICY_FILE',
  ]) {
    assert.match(all, new RegExp(`^${name}: found .+; expected .+`, 'm'));
  }
  assert.match(all, /^AEROSPIKE_CLIENT_ID: found nothing/m);
  assert.match(all, /^AUTH_ISUERS: .*expected AUTH_ISSUERS$/m);
  assert.match(all, /^SHUTDOWN_DELAY_M: .*expected SHUTDOWN_DELAY_MS$/m);
  assert.match(all, /PORT: found "70000"; expected a whole number from 0 to 65535/);
});

test('the audit file and its key are where the settings say, each without the other too', () => {
  const [file, signingKeyFile] = ['log/audit.log', 'keys/audit.jwk'];
  const settings = { AUDIT_FILE: file, AUDIT_SIGNING_KEY_FILE: signingKeyFile };
  assert.deepEqual(configOf({ ...good, ...settings }).audit, { file, signingKeyFile });
  assert.deepEqual(configOf({ ...good, AUDIT_FILE: file }).audit, { file, signingKeyFile: undefined });
  const onOutput = configOf({ ...good, AUDIT_SIGNING_KEY_FILE: signingKeyFile });
  assert.deepEqual(onOutput.audit, { file: undefined, signingKeyFile });
});

test('a configuration cannot be changed', () => {
  const config = configOf(good);
  assert.throws(() => Object.assign(config.limits, { maxInFlight: 1 }), TypeError);
  assert.throws(() => (config.auth.issuers as unknown[]).push('https://evil.example'), TypeError);
});

const refused: readonly (readonly [string, string])[] = [
  ['AUTH_ISSUERS', 'http://idp.acme.example'],
  ['AUTH_ISSUERS', 'https://idp.acme.example,'],
  ['AUTH_ISSUERS', 'https://idp.acme.example,https://idp.acme.example'],
  ['AUTH_ISSUERS', 'https://idp.acme.example?x=1'],
  ['AUTH_ISSUERS', 'https://idp.acme.example#x'],
  ['AUTH_ISSUERS', 'https://idp.acme.example/a\u0001'],
  ['AUTH_ISSUERS', 'https://idp.acme.example/a\ud800'],
  ['AUTH_ISSUERS', `https://a.example,https://idp.acme.example/`.padEnd(18 + 513, 'x')],
  ['AUTH_ALGORITHMS', 'none'],
  ['AUTH_ALGORITHMS', 'HS256'],
  ['AUTH_ALGORITHMS', 'rs256'],
  ['AUTH_TOKEN_TYPE', 'jwt'],
  ['AUTH_SCOPE_CREATE', 'two words'],
  ['AEROSPIKE_API_URL', 'http://api.aerospike.com/v1'],
  ['AEROSPIKE_API_URL', 'ftp://127.0.0.1/'],
  ['AEROSPIKE_TOKEN_URL', 'not a url'],
  ['BASE_PATH', 'v1'],
  ['BASE_PATH', '/v1/'],
  ['BASE_PATH', '/../v1'],
  ['TRUST_PROXY', 'loopback'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['TRUST_PROXY', '0.0.0.0/0'],
  ['HOST', 'a b'],
  ['PORT', '80a'],
  ['PORT', '-1'],
  ['PORT', '8080.0'],
  ['MAX_IN_FLIGHT', '0'],
  ['SHUTDOWN_DELAY_MS', '-1'],
  ['SHUTDOWN_DELAY_MS', '5s'],
  ['SHUTDOWN_DELAY_MS', '600001'],
  ['UPSTREAM_CONNECTIONS', '0'],
  ['AUTH_JWKS_MAX_STALE_SECONDS', '0'],
  ['PREFLIGHT', 'on'],
];

test('an issuer of 512 bytes is accepted', () => {
  const issuer = 'https://idp.acme.example/é'.padEnd(511, 'x');
  assert.equal(configOf({ ...good, AUTH_ISSUERS: issuer }).auth.issuers[0]?.issuer, issuer);
});

for (const [name, value] of refused) {
  test(`${name}=${value.slice(0, 60)} is refused, by name`, () => {
    assert.match(
      faultsOf({ ...good, [name]: value }).join('\n'),
      new RegExp(`^${name}: found .*; expected`, 'm'),
    );
  });
}

test('plain http is accepted for this machine only', () => {
  for (const url of [
    'http://127.0.0.1:1/x',
    'http://127.9.9.9/x',
    'http://localhost:80/x',
    'http://[::1]:1/x',
  ]) {
    assert.equal(configOf({ ...good, AEROSPIKE_TOKEN_URL: url }).upstream.tokenUrl, url);
  }
  for (const url of ['http://127.0.0.1.example/x', 'http://0.0.0.0/x', 'http://localhost.example/x']) {
    assert.equal(faultsOf({ ...good, AEROSPIKE_TOKEN_URL: url }).length, 1, url);
  }
});

test('of certificate and key neither goes without the other, nor a CA of callers without both', () => {
  const files = { TLS_CERT_FILE: 'c.pem', TLS_KEY_FILE: 'k.pem', TLS_CLIENT_CA_FILE: 'ca.pem' };
  assert.deepEqual(faultsOf({ ...good, ...files }), []);
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE } = files;
  assert.match(faultsOf({ ...good, TLS_CERT_FILE }).join(), /^TLS_KEY_FILE: found nothing/);
  assert.match(faultsOf({ ...good, TLS_KEY_FILE }).join(), /^TLS_CERT_FILE: found nothing/);
  assert.equal(faultsOf({ ...good, TLS_CLIENT_CA_FILE }).length, 2);
});

test('keys for one issuer are refused beside several issuers, and two locations for them beside each other', () => {
  assert.match(
    faultsOf({ ...good, AUTH_JWKS_URI: 'https://x.example/k' }).join(),
    /^AUTH_JWKS_URI: .*2 issuers/,
  );
  const single = { ...good, AUTH_ISSUERS: 'https://x.example', AUTH_JWKS_URI: 'https://x.example/k' };
  assert.deepEqual(faultsOf(single), []);
  assert.match(faultsOf({ ...single, AUTH_JWKS_FILE: 'keys.json' }).join(), /^AUTH_JWKS_FILE/);
});

test('the admin listener cannot share the public port', () => {
  assert.match(faultsOf({ ...good, ADMIN_PORT: '8080' }).join(), /^ADMIN_PORT/);
});

test('the variables that Kubernetes makes for its services are no misspellings', () => {
  const links = {
    AUDIT_SERVICE_HOST: '1',
    AUDIT_SERVICE_PORT_HTTP: '1',
    AUDIT_PORT: '1',
    AUTH_PORT_80_TCP_ADDR: '1',
  };
  assert.deepEqual(faultsOf({ ...good, ...links }), []);
});

test('a secret is in no fault and in no form of printing', async () => {
  const config = configOf(good);
  for (const text of [
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true }),
    `${config.upstream.credential.clientSecret}`,
  ]) {
    assert.doesNotMatch(text, /the-client-(id|secret)/);
  }
  assert.equal(await config.upstream.credential.clientSecret.reveal(), 'the-client-secret');
  const faulty = {
    ...good,
    AEROSPIKE_CLIENT_SECRET: 'line\nbreak',
    AEROSPIKE_API_URL: 'https://user:pass@api.example',
  };
  const faults = faultsOf(faulty).join('\n');
  assert.match(faults, /AEROSPIKE_CLIENT_SECRET: found a value that is not shown/);
  assert.doesNotMatch(faults, /break|pass@/);
});
