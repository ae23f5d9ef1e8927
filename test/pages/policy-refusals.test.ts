// `/docs/policy` when there is no decision to draw: a token that does not count, limits, a gateway in trouble or gone; and
// answers full of markup, which stays text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, clusterId, startTestGateway } from '../support/gateway.ts';
import { withoutChromium } from './browser.ts';
import { openPolicyPage, type PolicyPage, payments } from './policy-rig.ts';

const skip = withoutChromium;
const create = { clusterId, ...allowed };
const markup = '<img src=x onerror=alert(1)><script>alert(2)</script>';

test('a token that does not count is said in plain words, beside the token, and to both questions', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill(create);
  const past = Math.floor(Date.now() / 1000) - 3600;
  const cases: readonly [token: string, verdict: RegExp, note: RegExp][] = [
    ['', /^✕ Paste an access token first\./, /Paste an access token/],
    ['two words', /^✕ This is no access token\./, /no access token/],
    ['not-a-jwt', /^✕ The token is not accepted\./, /token/],
    [
      await gateway.issuer.sign({ aud: 'https://else.example' }),
      /^✕ The token is not accepted\./,
      /not meant for/,
    ],
    [await gateway.issuer.sign({ exp: past }), /^✕ The token has expired\./, /expired/],
  ];
  for (const [token, verdict, note] of cases) {
    await page.fill({ token });
    for (const question of [page.check, page.showEffective]) {
      assert.match(await question(), verdict);
      assert.match(await page.note('token'), note);
      assert.equal(await page.page.getByLabel('Access token').getAttribute('aria-invalid'), 'true');
    }
  }
  assert.deepEqual(page.surprises(), []);
});

test('what cannot be a token is not sent to anybody', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  for (const token of ['', '   ', 'two words', 'tökén', 'a"b', '{}']) {
    await page.fill({ token });
    assert.match(await page.check(), /^✕/);
  }
  assert.deepEqual(
    page.requests.filter((url) => !url.startsWith(`${gateway.url}/docs/`)),
    [],
  );
  assert.equal(await page.page.evaluate('document.activeElement.id'), 'token');
});

test('a missing scope is named', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign({ scope: 'read:database' }), ...create });
  assert.match(await page.check(), /^✕ The token does not permit this\./);
  assert.match(await page.note('token'), /lacks the scope update:database/);
});

test('a used-up rate limit is shown with the time to wait', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { environment: { RATE_LIMIT_PER_MINUTE: '1' } });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  assert.match(await page.check(), /^✓ Allowed/);
  assert.match(await page.check(), /^! Too many requests\./);
  assert.match(await page.details(), /Try again in \d+ s\./);
  assert.equal(await page.note('token'), '');
});

test('a gateway that cannot record says so, and one that is gone is missed', { skip }, async (t) => {
  const sink = { write: () => Promise.reject(new Error('the disk is full')) };
  const gateway = await startTestGateway(t, { sink });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  assert.match(await page.check(), /^! The gateway cannot answer now\./);
  assert.match(await page.details(), /Try again in \d+ s\./);
  await gateway.stop();
  assert.match(await page.check(), /^! No answer came\./);
});

/** Nothing of the answer became an element, ran or was fetched. */
async function assertInert(page: PolicyPage, gateway: { readonly url: string }): Promise<void> {
  assert.equal(await page.page.locator('main :is(img, script, b, iframe)').count(), 0);
  assert.deepEqual(page.surprises(), []);
  assert.ok(page.requests.every((url) => !url.startsWith(`${gateway.url}/docs/x`)));
}

test('a caller’s own markup that the gateway repeats is shown as text', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign() });
  const short = '<img src=x onerror=alert(1)>';
  await page.paste(JSON.stringify({ ...create, [short]: 1 }));
  assert.match(await page.check(), /^✕ Not a valid create: 1 fault\./);
  assert.ok((await page.note('body')).includes(short));
  assert.ok((await page.details()).includes(short));
  await assertInert(page, gateway);
});

test('markup in a policy is shown as text', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign() });
  await page.showEffective();
  const details = await page.details();
  assert.ok(
    details.includes('acme <img src=x onerror=alert(1)>') && details.includes('<b>CHG-4711</b>'),
    details,
  );
  await assertInert(page, gateway);
});

/** Answers in which every text is markup, as no gateway gives them. */
const violation = { code: markup, field: '/region', rule: markup, description: markup, allowed: [markup] };
const hostile: Readonly<Record<string, readonly [status: number, body: object]>> = {
  'a denial': [403, { detail: markup, context: { violations: [violation], policyVersion: markup } }],
  'a denial about nobody': [403, { context: { violations: [{ ...violation, field: markup }, null, 'x'] } }],
  'a fault': [
    400,
    { context: { missing: [`/${markup}`], invalid: [{ field: markup, description: markup }] } },
  ],
  'a bad token': [401, { type: markup, detail: markup }],
  'a failure': [500, { detail: markup }],
  'an allow': [
    200,
    { decision: 'allow', grant: markup, exceptions: [markup], mode: markup, policyVersion: markup },
  ],
};

test('an answer that is nothing but markup is shown as text, whatever it answers', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  for (const [title, [status, body]] of Object.entries(hostile)) {
    await page.page.route('**/vpc-peerings?dryRun=true', (route) => route.fulfill({ status, json: body }));
    await page.check();
    assert.ok((await page.details()).includes(markup), title);
    await assertInert(page, gateway);
    await page.page.unroute('**/vpc-peerings?dryRun=true');
  }
});

test('an answer that is not the gateway’s is not taken for one', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  for (const status of [200, 404, 502]) {
    await page.page.route('**/vpc-peerings?dryRun=true', (route) =>
      route.fulfill({ status, contentType: 'text/html', body: `<h1>${markup}</h1>` }),
    );
    assert.doesNotMatch(await page.check(), /Allowed/);
    assert.match(await page.details(), /not one of the gateway/);
    await assertInert(page, gateway);
    await page.page.unroute('**/vpc-peerings?dryRun=true');
  }
});

test('the browser itself refuses a script that would write markup', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const { page } = await openPolicyPage(t, gateway);
  for (const write of [
    'document.body.innerHTML = "<b>x</b>"',
    'document.write("<b>x</b>")',
    'document.createElement("script").text = "1"',
  ])
    await assert.rejects(page.evaluate(`(() => { ${write} })()`), /TrustedHTML|TrustedScript/, write);
});
