// What callers see of an issuer's trouble, through the whole gateway: a good token is never called bad because its issuer
// is down, and without any key the gateway says that it is not ready.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { JWK } from 'jose';
import {
  allowed,
  allowedNumber,
  type Reply,
  send,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const unlimited = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };

async function issuerOf(test: TestContext): Promise<TestIssuer> {
  const issuer = await startIssuer();
  test.after(() => issuer.close());
  return issuer;
}

const readiness = (gateway: TestGateway): Promise<Reply> => send(gateway.adminUrl, { path: '/readyz' });
const isReady = async (gateway: TestGateway) => (await readiness(gateway)).status === 200;

/** A create with this very token. */
const createWith = (gateway: TestGateway, token: string): Promise<Reply> =>
  gateway.call({
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(allowed),
  });

function assertKeysUnavailable(gateway: TestGateway, answer: Reply): void {
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
  assert.equal(answer.headers['www-authenticate'], undefined);
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=proxy_internal_error; details="keys-unavailable"',
  );
  const record = gateway.records.at(-1);
  assert.equal(record?.metadata.event_code, 'peering.create.refused');
  assert.equal(record?.status_code, 'keys-unavailable');
  assert.equal(record?.api.request.uid, answer.headers['x-gateway-request-id']);
}

test('without any keys a token is neither good nor bad, nothing is sent, and readiness waits for the issuer', async (t) => {
  const issuer = await issuerOf(t);
  issuer.takeover = (_request, response) => void response.writeHead(500).end();
  const gateway = await startTestGateway(t, { issuer });
  assertKeysUnavailable(gateway, await gateway.create());
  assert.equal(gateway.cloud.connections, 0);
  assert.equal(gateway.records.length, 1);
  const notReady = await readiness(gateway);
  assert.equal(notReady.status, 503);
  assert.deepEqual(notReady.json.checks, { policy: true, keys: false, audit: true, notStopping: true });
  issuer.takeover = undefined;
  await until('the gateway is ready', () => isReady(gateway));
  assert.equal((await gateway.create()).status, 201);
});

for (const status of [429, 503]) {
  for (const path of ['/.well-known/openid-configuration', '/jwks']) {
    test(`a ${status} for ${path} with Retry-After is respected and passed on to callers`, async (t) => {
      const issuer = await issuerOf(t);
      issuer.takeover = (request, response) => {
        if (request.url === path)
          return void response.writeHead(status, { 'retry-after': '120' }).end('<html>');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` }));
      };
      const gateway = await startTestGateway(t, { issuer });
      for (let count = 0; count < 3; count += 1) {
        const answer = await gateway.create();
        assertKeysUnavailable(gateway, answer);
        assert.match(String(answer.headers['retry-after']), /^1(1\d|20)$/);
      }
      // What would have been asked for instead is not asked for either.
      assert.deepEqual([issuer.requests.at(-1), issuer.requests.length], [path, path === '/jwks' ? 2 : 1]);
    });
  }
}

test('an issuer that goes down harms no token that a known key can check', async (t) => {
  const issuer = await issuerOf(t);
  const gateway = await startTestGateway(t, { issuer });
  assert.equal((await gateway.create()).status, 201);
  const asked = issuer.requests.length;
  issuer.takeover = (request) => void request.socket.destroy();
  assert.equal((await gateway.create()).status, 201);
  assert.equal(await isReady(gateway), true);
  assert.equal(issuer.requests.length, asked);
});

const unusable = {
  'without kty': { kid: 'a', use: 'sig' },
  null: null,
  'of an unknown kty': { kty: 'AKP', alg: 'ML-DSA-44', kid: 'b', pub: 'AA' },
};

for (const [what, entry] of Object.entries(unusable)) {
  test(`an entry ${what} in a key set affects no other key, at the start and at a refresh; it is counted, and logged once`, async (t) => {
    const issuer = await issuerOf(t);
    const publish = (...entries: unknown[]) => {
      issuer.keys = [...entries, ...issuer.keys.filter((key) => key?.kty === 'EC')] as JWK[];
    };
    publish(entry);
    const environment = { ...unlimited, AUTH_JWKS_MAX_STALE_SECONDS: '1' };
    const gateway = await startTestGateway(t, { issuer, environment });
    await until('the gateway is ready', () => isReady(gateway));
    assert.equal((await gateway.create()).status, 201);
    const ignored = async () =>
      /^peergate_keys_ignored\{.*\} (\d+)$/m.exec(
        (await send(gateway.adminUrl, { path: '/metrics' })).text,
      )?.[1];
    assert.equal(await ignored(), '1');
    // Keys that were frozen would be those of before.
    await issuer.rotate();
    publish(entry, 7);
    await until('the set was fetched again', async () => (await ignored()) === '2');
    assert.equal((await gateway.create()).status, 201);
    const logged = gateway.logs.filter(({ msg }) => /entries of a key set/.test(msg));
    assert.deepEqual(
      logged.map(({ level, ignored, entries }) => [level, ignored, entries.length]),
      [
        ['warn', 1, 1],
        ['warn', 2, 1],
      ],
    );
  });
}

test('a key set without any usable key withdraws those that were known', async (t) => {
  const issuer = await issuerOf(t);
  const gateway = await startTestGateway(t, { issuer, environment: { AUTH_JWKS_MAX_STALE_SECONDS: '1' } });
  assert.equal((await gateway.create()).status, 201);
  issuer.keys = Object.values(unusable) as JWK[];
  await until('the gateway is not ready', async () => !(await isReady(gateway)));
  assertKeysUnavailable(gateway, await gateway.create());
});

test('when an outage outlasts the limit, good tokens get 503 and at no moment 401', async (t) => {
  const issuer = await issuerOf(t);
  const environment = { ...unlimited, AUTH_JWKS_MAX_STALE_SECONDS: '1' };
  const gateway = await startTestGateway(t, { issuer, environment });
  assert.equal((await gateway.create()).status, 201);
  issuer.takeover = (request) => void request.socket.destroy();
  let answer: Reply | undefined;
  await until('the keys are too old', async () => {
    answer = await gateway.create();
    assert.ok([201, 503].includes(answer.status), `the status was ${answer.status}`);
    return answer.status === 503;
  });
  assertKeysUnavailable(gateway, answer as Reply);
  assert.equal(await isReady(gateway), false);
  const sent = gateway.forwarded().length;
  await gateway.create();
  assert.equal(gateway.forwarded().length, sent);
  issuer.takeover = undefined;
  await until('the gateway is ready', () => isReady(gateway));
  assert.equal((await gateway.create()).status, 201);
});

test('a new key is accepted at once, and the withdrawn one is gone with it', async (t) => {
  const issuer = await issuerOf(t);
  const gateway = await startTestGateway(t, { issuer });
  const old = await issuer.sign();
  assert.equal((await createWith(gateway, old)).status, 201);
  await issuer.rotate();
  assert.equal((await gateway.create(allowedNumber(1))).status, 201);
  assert.equal((await createWith(gateway, old)).status, 401);
});

test('a flood of unknown keys makes one fetch', async (t) => {
  const issuer = await issuerOf(t);
  const gateway = await startTestGateway(t, { issuer, environment: unlimited });
  assert.equal((await gateway.create()).status, 201);
  const keyFetches = () => issuer.requests.filter((path) => path === '/jwks').length;
  assert.equal(keyFetches(), 1);
  const flood = async () => createWith(gateway, await issuer.sign({}, { kid: randomUUID() }));
  const answers = await Promise.all(Array.from({ length: 50 }, flood));
  answers.push(await flood());
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]));
  assert.equal(keyFetches(), 2);
  assert.equal(gateway.forwarded().length, 1);
  assert.equal((await gateway.create()).status, 201);
});

test('a token of an issuer that is not configured costs no request to anybody', async (t) => {
  const [issuer, stranger] = [await issuerOf(t), await issuerOf(t)];
  const gateway = await startTestGateway(t, { issuer });
  await until('the gateway is ready', () => isReady(gateway));
  const asked = issuer.requests.length;
  const answer = await createWith(gateway, await stranger.sign());
  assert.equal(answer.status, 401);
  assert.equal(answer.json.type, 'urn:aerospike:errors:auth:unauthorized');
  assert.deepEqual(stranger.requests, []);
  assert.equal(issuer.requests.length, asked);
  assert.equal(gateway.cloud.connections, 0);
  assert.equal(gateway.records.at(-1)?.metadata.event_code, 'peering.create.refused');
});

test('of two issuers one is enough to be ready, and the tokens of the other get 503', async (t) => {
  const [issuer, down] = [await issuerOf(t), await issuerOf(t)];
  down.takeover = (request) => void request.socket.destroy();
  const environment = { AUTH_ISSUERS: `${issuer.url},${down.url}` };
  const gateway = await startTestGateway(t, { issuer, environment });
  assert.equal((await gateway.create()).status, 201);
  assert.equal(await isReady(gateway), true);
  assertKeysUnavailable(gateway, await createWith(gateway, await down.sign()));
  assert.equal(gateway.forwarded().length, 1);
});

test('AUTH_JWKS_URI: keys come from there, and the issuer is not asked', async (t) => {
  const [issuer, keys] = [await issuerOf(t), await issuerOf(t)];
  keys.keys = issuer.keys;
  const gateway = await startTestGateway(t, { issuer, environment: { AUTH_JWKS_URI: `${keys.url}/jwks` } });
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(issuer.requests, []);
  assert.deepEqual(keys.requests, ['/jwks']);
});

test('AUTH_JWKS_FILE: keys come from the file, also a new one, and the issuer is not asked', async (t) => {
  const folder = temporaryFolder();
  const file = join(folder, 'jwks.json');
  const issuer = await issuerOf(t);
  await writeFile(file, JSON.stringify({ keys: issuer.keys }));
  const gateway = await startTestGateway(t, { issuer, environment: { AUTH_JWKS_FILE: file } });
  assert.equal((await gateway.create()).status, 201);
  await issuer.rotate();
  await writeFile(file, JSON.stringify({ keys: issuer.keys }));
  assert.equal((await gateway.create()).status, 201);
  assert.deepEqual(issuer.requests, []);
});
