// `/docs/policy` for everybody: by keyboard alone, with a screen reader, on a phone, in the dark; below a base path and
// behind TLS.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { openPage, type PageElement, withoutChromium } from './browser.ts';
import { openPolicyPage, payments, settledVerdict } from './policy-rig.ts';

const skip = withoutChromium;
const create = { clusterId, ...allowed };
const denied = { ...create, region: 'eu-central-1', cidrBlock: '192.0.2.0/30', accountId: '999988887777' };
const focused = 'document.activeElement.id || document.activeElement.textContent';

test('everything is done by keyboard alone, in the order in which it stands there', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  const { keyboard } = page.page;
  const typed: Record<string, string> = {
    token: await gateway.issuer.sign(),
    ...denied,
    isSecureConnection: ' ',
  };
  const order: unknown[] = [];
  for (let stop = 0; stop < 16; stop += 1) {
    await keyboard.press('Tab');
    const at = String(await page.page.evaluate(focused));
    order.push(at);
    const text = typed[at];
    if (text === ' ') await keyboard.press('Space');
    else if (text !== undefined) await keyboard.type(text);
  }
  const form = ['accountId', 'region', 'vpcId', 'cidrBlock', 'isSecureConnection', 'check'];
  const bar = ['Skip to the form', 'Contract', 'Try the policy', 'Peerings', 'Errors', 'openapi.json'];
  assert.deepEqual(order, [...bar, 'token', 'show-effective', 'by-fields', 'clusterId', ...form]);
  await keyboard.press('Enter');
  assert.match(await settledVerdict(page), /^✕ Denied by the policy/);
  assert.equal(await page.page.evaluate(focused), 'check', 'the focus stays where it was');
  await keyboard.press('Tab');
  assert.equal(await page.page.evaluate(focused), 'accountId');
  assert.equal(await page.page.evaluate('document.activeElement.tagName'), 'A');
  await keyboard.press('Enter');
  assert.equal(await page.page.evaluate('document.activeElement.tagName'), 'INPUT');
  assert.equal(await page.page.evaluate(focused), 'accountId');
  assert.equal(await page.page.evaluate('location.hash'), '');
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  await keyboard.press('ArrowRight');
  assert.equal(await page.page.evaluate(focused), 'by-json');
  assert.ok(await page.page.getByLabel('Body').isVisible());
});

test('every control has a label, a wrong one says so with its note, and the verdict is announced', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { policy: payments });
  const page = await openPolicyPage(t, gateway);
  const controls = page.page.locator('input, textarea');
  assert.equal(await controls.count(), 10);
  assert.ok(await controls.evaluateAll((all) => all.every(({ labels }: PageElement) => labels.length === 1)));
  await page.fill({ token: await gateway.issuer.sign(), ...denied });
  await page.check();
  const marked = page.page.locator('[aria-invalid="true"]');
  assert.equal(await marked.count(), 3);
  const described = (all: readonly PageElement[]) =>
    all.every((control) =>
      control
        .getAttribute('aria-describedby')
        .split(' ')
        .some((id: string) => control.ownerDocument.getElementById(id).textContent.includes('not')),
    );
  assert.ok(await marked.evaluateAll(described));
  assert.equal(await page.page.getByRole('status').getAttribute('aria-live'), 'polite');
  await page.fill({ ...create });
  await page.check();
  assert.equal(await marked.count(), 0);
  assert.equal(await page.page.locator('h1').count(), 1);
  assert.equal(await page.page.locator('html').getAttribute('lang'), 'en');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`at 360 px, ${colorScheme}, nothing is wider than the screen and text stands out`, {
    skip,
  }, async (t) => {
    const gateway = await startTestGateway(t, { policy: payments });
    const page = await openPolicyPage(t, gateway, { width: 360, colorScheme });
    const fits = async (what: string) =>
      assert.equal(await page.page.evaluate('document.documentElement.scrollWidth'), 360, what);
    await fits('empty');
    await page.fill({ token: await gateway.issuer.sign(), ...denied });
    await page.check();
    await fits('a denial');
    assert.ok(await page.page.getByRole('status').isVisible());
    await page.showEffective();
    await fits('what the caller may do');
    await page.paste('{"<img src=x onerror=alert(1)>-and-a-name-that-goes-on-without-a-space": 1}');
    await page.check();
    await fits('a long name');
    const colours = `['backgroundColor', 'color'].map((name) => getComputedStyle(document.body)[name].match(/\\d+/g)[0])`;
    const [ground = 0, ink = 0] = ((await page.page.evaluate(colours)) as string[]).map(Number);
    assert.ok(colorScheme === 'light' ? ground - ink > 150 : ink - ground > 150, `${ground} ${ink}`);
    const contract = await openPage(t, `${gateway.url}/docs`, { width: 360, colorScheme });
    await contract.page.locator('.opblock').first().waitFor();
    assert.equal(await contract.page.evaluate('document.documentElement.scrollWidth'), 360);
    const isDark = await contract.page.evaluate("document.documentElement.classList.contains('dark-mode')");
    assert.equal(isDark, colorScheme === 'dark');
  });
}

test('the pages lead to each other, and to the contract', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/base' } });
  const { page } = await openPage(t, `${gateway.url}/base/docs`);
  await page.getByRole('link', { name: 'Try the policy' }).click();
  assert.equal(page.url(), `${gateway.url}/base/docs/policy`);
  await page.getByRole('link', { name: 'Contract' }).click();
  assert.equal(page.url(), `${gateway.url}/base/docs`);
  const links = await page.getByRole('navigation').getByRole('link').all();
  const targets = await Promise.all(links.map((link) => link.evaluate(({ href }: PageElement) => href)));
  for (const url of targets) {
    assert.ok(url.startsWith(`${gateway.url}/base/`), url);
    assert.equal((await gateway.call({ path: new URL(url).pathname })).status, 200, url);
  }
});

const withoutOpenssl = spawnSync('openssl', ['version']).error !== undefined && 'openssl is not installed';

test('below a base path and behind TLS the page asks its own gateway', {
  skip: skip || withoutOpenssl,
}, async (t) => {
  const folder = temporaryFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const gateway = await startTestGateway(t, {
    environment: { BASE_PATH: '/base/v1', TLS_CERT_FILE: cert, TLS_KEY_FILE: key },
  });
  const url = gateway.url.replace('http:', 'https:');
  const page = await openPolicyPage(t, { url }, { basePath: '/base/v1' });
  await page.fill({ token: await gateway.issuer.sign(), ...create });
  assert.match(await page.check(), /^✓ Allowed/);
  assert.equal(page.requests.at(-1), `${url}/base/v1${peeringsPath}?dryRun=true`);
  assert.equal(gateway.records[0]?.metadata.event_code, 'peering.create.dryrun');
  assert.ok(page.requests.every((asked) => asked.startsWith(`${url}/base/v1/`)));
  assert.deepEqual(page.surprises(), []);
});
