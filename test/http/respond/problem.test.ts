// What a refusal says of itself: its stable code in the problem, in Proxy-Status and in a link to the page that says what
// to do; and that page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRules } from '../../../src/errors.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { openRaw } from '../../support/raw-http.ts';

test('a problem has its code in the body, in Proxy-Status and in a link below the base path, whatever Host says', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  for (const [path, code] of [
    ['/v1/database/clusters', 'token-missing'],
    ['/elsewhere', 'route-unknown'],
  ] as const) {
    const reply = await gateway.call({ path, headers: { host: 'attacker.example' } });
    assert.equal(reply.json.code, code);
    assert.equal(reply.headers['proxy-status'], `peergate; error=http_request_denied; details="${code}"`);
    assert.equal(reply.headers['link'], `</v1/docs/errors#${code}>; rel="help"`);
  }
});

test('a request that is no HTTP gets the same of the parser', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  const connection = await openRaw(gateway.port);
  connection.write('GET / HTTP/1.1\r\nno colon\r\n\r\n');
  const { json, headers } = await connection.answer();
  assert.equal(json.code, 'request-malformed');
  assert.equal(headers['link'], '</v1/docs/errors#request-malformed>; rel="help"');
  connection.destroy();
});

test('an answer of Aerospike Cloud gets no code and no link of the gateway', async (t) => {
  const gateway = await startTestGateway(t, { cloud: { scopes: [] } });
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'read:database' })}`;
  const reply = await gateway.call({ headers: { authorization } });
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=403');
  assert.equal(reply.headers['link'], undefined);
  assert.equal(reply.json.code, undefined);
});

test('/docs/errors has a place for every code, with what happened, who can fix it and what to do, and no script', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  const page = await gateway.call({ path: '/v1/docs/errors' });
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.ok(!page.text.includes('<script'));
  assert.ok(!String(page.headers['content-security-policy']).includes('script-src'));
  for (const [code, { status, detail }] of Object.entries(errorRules)) {
    const section = page.text.split(`<section id="${code}"`)[1]?.split('</section>')[0] ?? '';
    assert.ok(section.includes(`<p>${status} `), code);
    assert.ok(section.includes(`<dt>What happened</dt><dd>${detail.replaceAll('"', '&quot;')}</dd>`), code);
    assert.match(section, /<dt>Who can fix it<\/dt><dd>.+<\/dd>/);
    assert.match(section, /<dt>What to do<\/dt><dd>.+<\/dd>/);
  }
});
