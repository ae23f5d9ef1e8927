// `/docs/policy` in a real browser and against a real gateway: what is decided is what is drawn, beside the field that it is
// about, and the token goes to the gateway and stays nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { type PageElement, withoutChromium } from './browser.ts';
import { openPolicyPage, payments } from './policy-rig.ts';

/** The `context` of a refusal by the policy. */
interface Refusal {
  readonly violations: readonly {
    readonly code: string;
    readonly field: string;
    readonly rule: string;
    readonly description: string;
    readonly allowed: string[] | { readonly min: number; readonly max: number };
  }[];
}

const skip = withoutChromium;
const create = { clusterId, ...allowed };
const wrong = {
  ...create,
  accountId: '999988887777',
  region: 'eu-central-1',
  cidrBlock: '192.0.2.0/30',
  isSecureConnection: false,
};

test('an allowed create is shown with grant, exceptions, mode and version, and no create is sent', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create, cidrBlock: '198.51.100.0/24' });
  assert.match(await page.check(), /^✓ Allowed\./);
  const [record] = gateway.records;
  assert.equal(record?.metadata.event_code, 'peering.create.dryrun');
  assert.equal(record?.api.request.data.cidrBlock, '198.51.100.0/24');
  const details = await page.details();
  for (const part of [
    'payments',
    'CHG-4711',
    'enforce',
    record?.policy.version ?? '',
    record?.api.request.uid ?? '',
  ])
    assert.ok(details.includes(part), `${part} in ${details}`);
  for (const field of [...Object.keys(create), 'token']) assert.equal(await page.note(field), '');
  assert.deepEqual(gateway.forwarded(), []);
  assert.deepEqual(page.surprises(), []);
});

test('what the network refuses is no denial by the policy, and stands beside its field', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const other = { ...allowed, vpcId: 'vpc-00000000000000009' };
  const id = gateway.cloud.addPeering(clusterId, other, 'active');
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  assert.equal(await page.check(), '✕ The policy allows this create, but the network does not.');
  assert.match(await page.note('cidrBlock'), new RegExp(`overlaps ${allowed.cidrBlock} of peering ${id}`));
  await page.fill({ cidrBlock: '198.51.100.0/24' });
  assert.match(await page.check(), /^✓ Allowed\. The gateway would forward this create\./);
  assert.doesNotMatch(await page.details(), /Only the policy/);
  assert.deepEqual(page.surprises(), []);
});

test('of a denial every violation stands beside its field, with what is allowed', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...wrong });
  const verdict = await page.check();
  const { clusterId: _path, ...body } = wrong;
  const { violations } = (await gateway.create(body)).json.context as Refusal;
  assert.ok(violations.length >= 7);
  assert.ok(verdict.startsWith(`✕ Denied by the policy: ${violations.length} violations.`), verdict);
  const details = await page.details();
  for (const { field, rule, code, description, allowed: passes } of violations) {
    const note = await page.note(field.slice(1));
    assert.ok(note.includes(`by ${rule}`), `${rule} in ${note}`);
    for (const value of Array.isArray(passes) ? passes : [passes.min, passes.max])
      assert.ok(note.includes(String(value)), `${value} in ${note}`);
    for (const part of [code, description, rule]) assert.ok(details.includes(part), `${part} in ${details}`);
  }
  for (const field of ['token', 'clusterId', 'vpcId']) assert.equal(await page.note(field), '');
  const marked = page.page.locator('[aria-invalid="true"]');
  assert.deepEqual(await marked.evaluateAll((all) => all.map(({ id }: PageElement) => id)), [
    'accountId',
    'region',
    'cidrBlock',
    'isSecureConnection',
  ]);
  assert.deepEqual(page.surprises(), []);
});

test('a block of the wrong size is shown with the nearest one, a forbidden one with what to stay out of', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create, cidrBlock: '10.20.4.0/30' });
  await page.check();
  assert.match(
    await page.note('cidrBlock'),
    /Allowed: a prefix length of[\s\S]*\/16 to \/28[\s\S]*The nearest block:\s*10\.20\.4\.0\/28/,
  );
  await page.fill({ cidrBlock: '10.128.0.0/20' });
  await page.check();
  assert.match(await page.note('cidrBlock'), /anything outside[\s\S]*10\.128\.0\.0\/19/);
});

test('of a policy without grants the page says that the scope is enough', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  assert.match(await page.check(), /^✓ Allowed/);
  assert.match(await page.details(), /Grant\s+Scope is enough/);
  await page.showEffective();
  assert.match(await page.details(), /Scope is enough: the policy has no grants\./);
});

test('in report mode the page says that it is allowed, and what would have been refused', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: `${payments}mode: report\n` });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign(), ...create, region: 'eu-central-1' });
  assert.match(await page.check(), /^! Allowed, in report mode\. The policy would refuse it \(1 violation\)/);
  assert.match(await page.note('region'), /not allowed[\s\S]*us-east-1/);
  assert.match(await page.details(), /Mode\s+report/);
});

test('faults of the form stand beside their fields, all at once', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  const values = { ...create, clusterId: '../x', region: '', cidrBlock: '10.0.0.1/8', accountId: '12' };
  await page.fill({ token: await gateway.issuer.sign(), ...values });
  assert.match(await page.check(), /^✕ Not a valid create: 4 faults\./);
  assert.match(await page.note('clusterId'), /UUID/);
  assert.match(await page.note('region'), /is missing/);
  assert.match(await page.note('cidrBlock'), /host bits/);
  assert.match(await page.note('accountId'), /12 digits/);
  assert.equal(await page.note('vpcId'), '');
  assert.equal(gateway.records[0]?.status_code, 'request-invalid');
});

test('pasted JSON is sent as it stands: wrong types, unknown members and broken JSON are the gateway’s to find', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign() });
  await page.paste(JSON.stringify({ ...create, accountId: 111122223333, comment: 'x', region: undefined }));
  assert.match(await page.check(), /^✕ Not a valid create: 3 faults\./);
  const note = await page.note('body');
  assert.match(note, /region is missing/);
  assert.match(note, /accountId must be a string/);
  assert.match(note, /comment is unknown/);
  assert.equal(await page.page.getByLabel('Cluster id').inputValue(), clusterId);
  for (const broken of [
    '{"vpcId":',
    '[]',
    '"text"',
    '',
    JSON.stringify(allowed).replace('{', '{"vpcId":"vpc-1",'),
  ]) {
    await page.paste(broken);
    assert.match(await page.check(), /^✕ (Not a valid create: 1 fault\.|Refused with status 400)/, broken);
    assert.notEqual((await page.note('body')) + (await page.details()), '');
  }
  await page.paste(JSON.stringify(wrong));
  assert.match(await page.check(), /^✕ Denied/);
  assert.match(await page.note('body'), /region This region is not allowed[\s\S]*us-east-1/);
  await page.paste(JSON.stringify(create));
  assert.match(await page.check(), /^✓ Allowed/);
});

test('what is in the fields goes into the JSON and back, values of the wrong type left out', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  await page.fill(create);
  await page.page.getByLabel('JSON').check();
  assert.deepEqual(JSON.parse(await page.page.getByLabel('Body').inputValue()), allowed);
  await page.paste(
    JSON.stringify({ ...allowed, region: 'eu-west-1', accountId: 7, isSecureConnection: false }),
  );
  await page.page.getByLabel('Fields').check();
  assert.equal(await page.page.locator('#region').inputValue(), 'eu-west-1');
  assert.equal(await page.page.locator('#accountId').inputValue(), allowed.accountId);
  assert.equal(await page.page.locator('#isSecureConnection').isChecked(), false);
  assert.deepEqual(
    gateway.logs.filter(({ route }) => route === peeringsPath),
    [],
  );
});

test('what the caller may do is drawn: guardrails, own grants, exceptions with their end', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  await page.fill({ token: await gateway.issuer.sign() });
  assert.match(await page.showEffective(), /^This is what the caller may do\./);
  const details = await page.details();
  const shown = [
    'svc-payments',
    gateway.issuer.url,
    '444455556666',
    '172.16.0.0/12',
    '10.129.0.0/24',
    '/16 to /28',
  ];
  for (const part of [...shown, 'Grant payments', '10.20.0.0/16', 'Exception CHG-4711', '2099-01-31'])
    assert.ok(details.includes(part), `${part} in ${details}`);
  await page.fill({ token: await gateway.issuer.sign({ sub: 'svc-other' }) });
  assert.match(await page.showEffective(), /^✕ No grant is for this caller/);
  assert.ok(!(await page.details()).includes('Grant payments'));
  assert.equal(gateway.cloud.connections, 0);
});

test('the token is in no URL, and no storage, and is gone when the page is left', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  const page = await openPolicyPage(t, gateway);
  const token = await gateway.issuer.sign();
  await page.fill({ token: `  Authorization: Bearer ${token}\n`, ...create });
  assert.match(await page.check(), /^✓ Allowed/);
  await page.showEffective();
  const field = page.page.getByLabel('Access token');
  assert.equal(await field.getAttribute('type'), 'password');
  assert.equal(await field.getAttribute('autocomplete'), 'off');
  const kept = '[localStorage.length, sessionStorage.length, document.cookie.length, location.href]';
  const before = await page.page.evaluate(kept);
  assert.deepEqual((before as unknown[]).slice(0, 3), [0, 0, 0]);
  assert.equal((before as unknown[])[3], `${gateway.url}/docs/policy`);
  assert.ok(page.requests.every((url) => !url.includes(token)));
  assert.ok(page.requests.every((url) => url.startsWith(`${gateway.url}/`)));
  // Leaving for good would empty the field by itself; a browser may also keep the whole page, for the way back.
  await page.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
  assert.equal(await field.inputValue(), '');
  assert.ok(!gateway.output().includes(token));
});
