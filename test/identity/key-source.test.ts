// Where keys come from, on real sockets: discovery in its order, and documents that are refused whatever they look like.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { JWK } from 'jose';
import type { IssuerConfig } from '../../src/config/config.ts';
import { keySourceFor } from '../../src/identity/key-source.ts';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const openid = '/.well-known/openid-configuration';
const oauth = '/.well-known/oauth-authorization-server';

/** `name` is the issuer as configured; its own URL unless it says otherwise. */
async function start(
  test: TestContext,
  settings: { path?: string; name?: (issuer: TestIssuer) => string; auth?: Partial<IssuerConfig> } = {},
) {
  const issuer = await startIssuer({ path: settings.path ?? '' });
  const agent = new OutboundAgent(1000, 4);
  test.after(() => Promise.all([agent.destroy(), issuer.close()]));
  const rules = {
    issuer: settings.name?.(issuer) ?? issuer.url,
    jwksUri: undefined,
    jwksFile: undefined,
    ...settings.auth,
  };
  const fetchKeys = keySourceFor(rules, agent);
  return { issuer, agent, fetchKeys, origin: new URL(issuer.url).origin };
}

/** These paths are answered with these documents, every other with 404. */
const documents =
  (byPath: Record<string, unknown>): RequestListener =>
  (request, response) => {
    const document = byPath[request.url ?? ''];
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  };

test('keys are found through OpenID discovery', async (t) => {
  const { issuer, fetchKeys } = await start(t);
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  assert.deepEqual(issuer.requests, [openid, '/jwks']);
});

test('of an issuer with a path the path comes first in OpenID discovery', async (t) => {
  const { issuer, fetchKeys } = await start(t, { path: '/tenant/a' });
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  assert.deepEqual(issuer.requests, [`/tenant/a${openid}`, '/jwks']);
});

test('without OpenID discovery the metadata of RFC 8414 count, with the path of the issuer at the end', async (t) => {
  for (const path of ['', '/tenant/a']) {
    const { issuer, fetchKeys, origin } = await start(t, { path });
    const metadata = { issuer: issuer.url, jwks_uri: `${origin}/keys` };
    issuer.takeover = documents({ [oauth + path]: metadata, '/keys': { keys: issuer.keys } });
    assert.deepEqual((await fetchKeys()).keys, issuer.keys);
    assert.deepEqual(issuer.requests, [path + openid, oauth + path, '/keys']);
  }
});

test('an issuer that ends with a slash is asked without it and must call itself so', async (t) => {
  const { issuer, fetchKeys, origin } = await start(t, { name: ({ url }) => `${url}/` });
  await assert.rejects(fetchKeys(), /another issuer/);
  const metadata = { issuer: `${origin}/`, jwks_uri: `${origin}/keys` };
  issuer.takeover = documents({ [openid]: metadata, '/keys': { keys: issuer.keys } });
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
});

test('metadata that name another issuer are refused, and its keys are not asked for', async (t) => {
  const { issuer, fetchKeys, origin } = await start(t);
  const others = ['https://evil.example', `${origin}/`, origin.toUpperCase(), '', undefined, [origin]];
  for (const other of others) {
    issuer.requests.length = 0;
    const metadata = { issuer: other, jwks_uri: `${origin}/jwks` };
    issuer.takeover = documents({ [openid]: metadata, [oauth]: metadata, '/jwks': { keys: issuer.keys } });
    await assert.rejects(fetchKeys(), /no usable metadata/);
    assert.deepEqual(issuer.requests, [openid, oauth]);
  }
});

test('an OpenID document that names another issuer does not stand in the way of good metadata', async (t) => {
  const { issuer, fetchKeys, origin } = await start(t);
  issuer.takeover = documents({
    [openid]: { issuer: 'https://evil.example', jwks_uri: `${origin}/evil` },
    [oauth]: { issuer: issuer.url, jwks_uri: `${origin}/keys` },
    '/keys': { keys: issuer.keys },
  });
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  assert.equal(issuer.requests.includes('/evil'), false);
});

const refusedUrls = [
  // TEST-NET-1 (RFC 5737): nothing is there, and nothing may be sent there.
  'http://192.0.2.1/jwks',
  'http://localhost.example/jwks',
  'https://user:password@127.0.0.1/jwks',
  'file:///etc/passwd',
  'data:application/json,{"keys":[]}',
  '/jwks',
  '',
];

for (const url of refusedUrls) {
  test(`keys at ${JSON.stringify(url)} are refused`, async (t) => {
    const { issuer, fetchKeys } = await start(t);
    issuer.takeover = documents({ [openid]: { issuer: issuer.url, jwks_uri: url } });
    await assert.rejects(fetchKeys(), /neither https nor of this machine/);
    assert.deepEqual(issuer.requests, [openid]);
  });
}

test('metadata without jwks_uri are refused', async (t) => {
  const { issuer, fetchKeys } = await start(t);
  for (const uri of [undefined, null, 7, ['https://idp.example/jwks']]) {
    const metadata = { issuer: issuer.url, jwks_uri: uri };
    issuer.takeover = documents({ [openid]: metadata, [oauth]: metadata });
    await assert.rejects(fetchKeys(), /no usable metadata/);
  }
});

/** Answers that are refused in place of any document; `good` is the document itself. */
const refused: Record<string, (good: string) => RequestListener> = {
  'with status 500': (good) => (_, response) => void response.writeHead(500).end(good),
  'with status 404': (good) => (_, response) => void response.writeHead(404).end(good),
  'with status 203': (good) => (_, response) => void response.writeHead(203).end(good),
  'by a redirect': (good) => (request, response) => {
    if (request.url === '/good') response.end(good);
    else response.writeHead(302, { location: '/good' }).end();
  },
  'by more than 256 KiB': (good) => (_, response) => void response.end(good.padEnd(256 * 1024 + 1)),
  'by more than 256 KiB in chunks': (good) => (_, response) => {
    response.write(good);
    response.end(' '.repeat(256 * 1024));
  },
  'by half of it': (good) => (_, response) => void response.end(good.slice(0, -1)),
  'by less than was announced': (good) => (_, response) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write(good, () => response.destroy());
  },
  'by HTML': () => (_, response) => void response.end('<html>'),
  'by nothing': () => (_, response) => void response.end(),
  'by null': () => (_, response) => void response.end('null'),
  'by an array': (good) => (_, response) => void response.end(`[${good}]`),
  'by an empty object': () => (_, response) => void response.end('{}'),
  'by a compressed document': (good) => (_, response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from(good).reverse()),
};

for (const [how, answer] of Object.entries(refused)) {
  test(`keys that are answered ${how} are refused`, async (t) => {
    const { issuer, fetchKeys, origin } = await start(t);
    const listener = answer(JSON.stringify({ keys: issuer.keys }));
    issuer.takeover = (request, response) => {
      if (request.url !== openid) listener(request, response);
      else response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${origin}/jwks` }));
    };
    await assert.rejects(fetchKeys());
    assert.deepEqual(issuer.requests, [openid, '/jwks']);
    issuer.takeover = undefined;
    assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  });

  test(`metadata that are answered ${how} are refused, and no keys are asked for`, async (t) => {
    const { issuer, fetchKeys, origin } = await start(t);
    issuer.takeover = answer(JSON.stringify({ issuer: issuer.url, jwks_uri: `${origin}/jwks` }));
    await assert.rejects(fetchKeys(), /no usable metadata/);
    assert.deepEqual(issuer.requests, [openid, oauth]);
  });
}

const shapes = ['{"keys":{}}', '{"keys":"all"}', '{"keys":null}', '{"kty":"EC"}'];

for (const shape of shapes) {
  test(`${shape} is no key set`, async (t) => {
    const { issuer, fetchKeys, origin } = await start(t);
    issuer.takeover = documents({
      [openid]: { issuer: issuer.url, jwks_uri: `${origin}/jwks` },
      '/jwks': JSON.parse(shape),
    });
    await assert.rejects(fetchKeys());
  });
}

test('of a key set whose entries are not all usable the usable ones are given, wherever it comes from', async (t) => {
  const folder = temporaryFolder();
  const jwksFile = join(folder, 'jwks.json');
  const published = await startIssuer();
  t.after(() => published.close());
  const good = published.keys;
  const mixed = [
    null,
    { kid: 'a', use: 'sig' },
    ...good,
    { kty: 'AKP', alg: 'ML-DSA-44', kid: 'b', pub: 'AA' },
  ];
  published.keys = mixed as JWK[];
  await writeFile(jwksFile, JSON.stringify({ keys: mixed }));
  const discovered = await start(t);
  discovered.issuer.keys = mixed as JWK[];
  for (const { fetchKeys } of [
    discovered,
    await start(t, { auth: { jwksFile } }),
    await start(t, { auth: { jwksUri: `${published.url}/jwks` } }),
  ]) {
    const { keys, ignored } = await fetchKeys();
    assert.deepEqual(keys, good);
    assert.equal(ignored?.length, 3);
  }
});

test('a given URL is the only one that is asked', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const { fetchKeys, issuer: named } = await start(t, { auth: { jwksUri: `${issuer.url}/jwks` } });
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  assert.deepEqual(issuer.requests, ['/jwks']);
  assert.deepEqual(named.requests, []);
});

test('a given file is read anew each time, and refused when it is no key set', async (t) => {
  const folder = temporaryFolder();
  const jwksFile = join(folder, 'jwks.json');
  const { issuer, fetchKeys } = await start(t, { auth: { jwksFile } });
  await assert.rejects(fetchKeys(), { code: 'ENOENT' });
  await writeFile(jwksFile, JSON.stringify({ keys: issuer.keys }));
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  await issuer.rotate();
  await writeFile(jwksFile, JSON.stringify({ keys: issuer.keys }));
  assert.deepEqual((await fetchKeys()).keys, issuer.keys);
  for (const text of ['', '{"keys":', '[]', '{"keys":{}}']) {
    await writeFile(jwksFile, text);
    await assert.rejects(fetchKeys());
  }
  assert.deepEqual(issuer.requests, []);
});

test('a document that is no JSON is refused without a word of what it holds', async (t) => {
  const jwksFile = join(temporaryFolder(), 'keys.json');
  await writeFile(jwksFile, '{"keys":[{"d":"a-private-part"');
  const { fetchKeys } = await start(t, { auth: { jwksFile } });
  for (const text of ['a-private-part', '{"d":a-private-part}', '{"keys":[{"d":"a-private-part"']) {
    await writeFile(jwksFile, text);
    await assert.rejects(fetchKeys(), { message: 'the document is not valid JSON' });
  }
});

test('an issuer that asks for time is not asked for its other document', async (t) => {
  const { issuer, fetchKeys } = await start(t);
  issuer.takeover = (_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end('{}');
  await assert.rejects(fetchKeys(), /status 503/);
  assert.deepEqual(issuer.requests, [openid]);
});

test('where neither document can be used, the reason of each is said', async (t) => {
  const { issuer, fetchKeys } = await start(t);
  issuer.takeover = (_request, response) => void response.writeHead(404).end('{}');
  const reason = String.raw`\w*Error: the document was answered with status 404`;
  await assert.rejects(fetchKeys(), {
    message: new RegExp(`^no usable metadata: ${reason}; ${reason}$`),
  });
});
