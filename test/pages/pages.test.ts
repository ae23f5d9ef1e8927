// What a browser gets below `/docs` before any script runs: header fields, methods, caches, and nothing that is not in the
// list, however it is asked for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assertProblem } from '../support/assert-refused.ts';
import { startTestGateway } from '../support/gateway.ts';
import { head, sendRaw } from '../support/raw-http.ts';

const html = 'text/html; charset=utf-8';
const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

const end = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ownPagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  `require-trusted-types-for 'script'; trusted-types 'none'; ${end}`;
const policies = {
  '/docs': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; ${end}`,
  '/docs/policy': ownPagePolicy,
  '/docs/peerings': ownPagePolicy,
};
const pages = Object.keys(policies);

/** Everything that there is, with its type, where it lies, and how long a cache may use it. */
const files: Readonly<Record<string, readonly [type: string, source: string, cache: string]>> = {
  '/docs': [html, 'src/pages/contract.html', 'public, no-cache'],
  '/docs/policy': [html, 'src/pages/policy.html', 'public, no-cache'],
  '/docs/peerings': [html, 'src/pages/peerings.html', 'public, no-cache'],
  '/docs/peerings.css': [style, 'src/pages/peerings.css', 'public, no-cache'],
  '/docs/address-map.css': [style, 'src/pages/address-map.css', 'public, no-cache'],
  '/docs/peerings.js': [script, 'src/pages/peerings.js', 'public, no-cache'],
  '/docs/peering-table.js': [script, 'src/pages/peering-table.js', 'public, no-cache'],
  '/docs/cluster-map.js': [script, 'src/pages/cluster-map.js', 'public, no-cache'],
  '/docs/address-map.js': [script, 'src/pages/address-map.js', 'public, no-cache'],
  '/docs/address-blocks.js': [script, 'src/pages/address-blocks.js', 'public, no-cache'],
  '/docs/pages.css': [style, 'src/pages/pages.css', 'public, no-cache'],
  '/docs/policy.css': [style, 'src/pages/policy.css', 'public, no-cache'],
  '/docs/icon.svg': ['image/svg+xml', 'src/pages/icon.svg', 'public, no-cache'],
  '/docs/contract.css': [style, 'src/pages/contract.css', 'public, no-cache'],
  '/docs/contract-view.js': [script, 'src/pages/contract-view.js', 'public, no-cache'],
  '/docs/contract.js': [script, 'src/pages/contract.js', 'public, no-cache'],
  '/docs/policy.js': [script, 'src/pages/policy.js', 'public, no-cache'],
  '/docs/request-form.js': [script, 'src/pages/request-form.js', 'public, no-cache'],
  '/docs/ask-gateway.js': [script, 'src/pages/ask-gateway.js', 'public, no-cache'],
  '/docs/draw-answer.js': [script, 'src/pages/draw-answer.js', 'public, no-cache'],
  '/docs/swagger-ui.css': [style, 'node_modules/swagger-ui-dist/swagger-ui.css', 'public, max-age=3600'],
  '/docs/swagger-ui-bundle.js': [
    script,
    'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
    'public, max-age=3600',
  ],
};
const paths = Object.keys(files);
const unlimited = { RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };

test('each file is served to everybody, whole, with its type and the header fields that keep a browser safe', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [path, [type, source, cache]] of Object.entries(files)) {
    await t.test(path, async () => {
      const { status, headers, text } = await gateway.call({ path });
      assert.equal(status, 200);
      assert.equal(text, await readFile(new URL(`../../${source}`, import.meta.url), 'utf8'));
      assert.equal(headers['content-type'], type);
      assert.equal(headers['cache-control'], cache);
      const policy = policies[path as keyof typeof policies] ?? `default-src 'none'; ${end}`;
      assert.equal(headers['content-security-policy'], policy);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.match(String(headers['strict-transport-security']), /^max-age=\d{8,}/);
      for (const name of ['set-cookie', 'access-control-allow-origin', 'server', 'x-powered-by'])
        assert.equal(headers[name], undefined, name);
    });
  }
  assert.deepEqual(gateway.records, []);
  assert.equal(gateway.cloud.connections, 0);
});

test('no page has a script, a style or a handler in its text, or names another host', async (t) => {
  const gateway = await startTestGateway(t);
  for (const path of pages) {
    const { text } = await gateway.call({ path });
    assert.doesNotMatch(text, /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|https?:|\/\//i, path);
  }
});

test('a page needs no more than twelve files, its own included', async (t) => {
  const gateway = await startTestGateway(t);
  for (const path of pages) {
    const { text } = await gateway.call({ path });
    const needed = new Set(
      [...text.matchAll(/(?:<link [^>]*href|<script [^>]*src)="([^"]+)"/g)].map(([, link]) => link),
    );
    assert.ok(needed.size >= 5 && needed.size < 12, `${path}: ${needed.size}`);
    for (const link of needed)
      assert.ok(paths.includes(new URL(`http://x${path}`).pathname.replace(/[^/]*$/, link ?? '')), link);
  }
});

test('a file that a cache still has is not sent again: strong ETag, 304, and a new tag for other bytes', async (t) => {
  const gateway = await startTestGateway(t);
  const tags = new Set<string>();
  for (const path of paths) {
    const etag = String((await gateway.call({ path })).headers['etag']);
    assert.match(etag, /^"[\w-]{43}"$/);
    tags.add(etag);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await gateway.call({ path, headers: { 'if-none-match': known } });
      assert.equal(again.status, 304, `${path} ${known}`);
      assert.equal(again.text, '');
      assert.equal(again.headers['content-type'], undefined);
      assert.equal(again.headers['etag'], etag);
      assert.equal(again.headers['cache-control'], files[path]?.[2]);
      assert.ok(again.headers['content-security-policy']);
    }
    for (const other of ['"other"', etag.slice(1, -1), `${etag.slice(0, -1)}x"`])
      assert.equal((await gateway.call({ path, headers: { 'if-none-match': other } })).status, 200, other);
  }
  assert.equal(tags.size, paths.length);
});

test('HEAD gives the header fields of GET and no body', async (t) => {
  const gateway = await startTestGateway(t);
  for (const path of paths) {
    const got = await gateway.call({ path });
    const reply = await sendRaw(gateway.port, head(`HEAD ${path} HTTP/1.1`, { Connection: 'close' }), 'HEAD');
    assert.equal(reply.status, 200);
    assert.equal(reply.text, '');
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'content-security-policy'])
      assert.equal(reply.headers[name], got.headers[name], `${path} ${name}`);
    assert.equal(Number(got.headers['content-length']), Buffer.byteLength(got.text));
  }
});

test('every other method is 405 with Allow, and a body is not asked for', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  for (const path of paths) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']) {
      const reply = await sendRaw(gateway.port, head(`${method} ${path} HTTP/1.1`));
      assertProblem(reply, { status: 405, type: 'validation:failed' });
      assert.equal(reply.headers['allow'], 'GET, HEAD', `${method} ${path}`);
    }
  }
  assert.deepEqual(gateway.records, []);
});

test('what is not in the list is 404, whatever lies on the disk and however the path is spelt', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const unknown = [
    '/docs/',
    '/docs/policy/',
    '/docs//policy',
    '//docs',
    '/Docs',
    '/docs/POLICY',
    '/docs;x',
    '/docs/contract.html',
    '/docs/policy.html',
    '/docs/peerings/',
    '/docs/peerings.html',
    '/docs/docs/policy',
    '/docs/index.html',
    '/docs/swagger-initializer.js',
    '/docs/oauth2-redirect.html',
    '/docs/package.json',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/swagger-ui.css.map',
    '/docs/swagger-ui.js',
    '/docs/favicon-32x32.png',
    '/docs/.',
    '/docs/..',
    '/docs/./policy',
    '/docs/../docs',
    '/docs/../src/main.ts',
    '/docs/../../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/docs/..%5c..%5cpackage.json',
    '/docs/..\\..\\package.json',
    '/docs/%252e%252e%252fpackage.json',
    '/docs/policy%00.html',
    '/docs/policy%2ejs',
    '/docs%2fpolicy',
    '/docs/....//package.json',
    '/docs/file:///etc/passwd',
    '/docs/constructor',
    '/docs/__proto__',
  ];
  for (const path of unknown) {
    const reply = await sendRaw(gateway.port, head(`GET ${path} HTTP/1.1`));
    assertProblem(reply, { status: 404, type: 'resource:not-found' });
    assert.ok(!reply.text.includes('root:') && !reply.text.includes('dependencies'), path);
  }
  assert.deepEqual(gateway.records, []);
});

test('with a base path the pages are below it and nowhere else', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/base/v1' } });
  for (const path of paths) {
    assert.equal((await gateway.call({ path: `/base/v1${path}` })).status, 200, path);
    assert.equal((await gateway.call({ path })).status, 404, path);
    assert.equal((await gateway.call({ path: `/base/v1x${path}` })).status, 404, path);
    assert.equal((await gateway.call({ path: `/base/v1/base/v1${path}` })).status, 404, path);
  }
});

test('pages count towards the limit of their address, and no token lifts it', async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_ADDRESS_PER_MINUTE: '3' } });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (const path of ['/docs', '/docs/policy', '/openapi.json'])
    assert.equal((await gateway.call({ path })).status, 200);
  const reply = await gateway.call({ path: '/docs', headers: { authorization } });
  assertProblem(reply, { status: 429, type: 'ratelimit:exceeded' });
});

test('the log has the path of the list and nothing of the query, which changes nothing', async (t) => {
  const gateway = await startTestGateway(t);
  const secret = 'a-token-that-somebody-put-into-the-address';
  const reply = await gateway.call({ path: `/docs/policy?token=${secret}&url=https://evil.example/x.json` });
  assert.equal(reply.status, 200);
  assert.equal(reply.text, (await gateway.call({ path: '/docs/policy' })).text);
  assert.deepEqual(
    gateway.logs.filter(({ msg }) => msg === 'request served').map(({ route, status }) => [route, status]),
    [
      ['/docs/policy', 200],
      ['/docs/policy', 200],
    ],
  );
  assert.ok(!gateway.output().includes(secret) && !gateway.output().includes('evil.example'));
});
