// `/docs` in a real browser: the contract is drawn from what this gateway serves, with nothing from elsewhere and nothing
// that the content security policy had to stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { openPage, type Watched, withoutChromium } from './browser.ts';

const skip = withoutChromium;

/** The methods and paths of all operations that are drawn. */
async function drawnOperations({ page }: Watched): Promise<string[]> {
  await page.locator('.opblock').first().waitFor();
  const summaries = await page.locator('.opblock-summary').all();
  return await Promise.all(
    summaries.map(async (summary) => {
      const method = await summary.locator('.opblock-summary-method').innerText();
      return `${method} ${await summary.locator('.opblock-summary-path').getAttribute('data-path')}`;
    }),
  );
}

/** Opens each operation in turn, with all that it has, and says how many buttons "Try it out" each has. */
async function openOperations({ page }: Watched): Promise<Map<string, number>> {
  const buttons = new Map<string, number>();
  await page.locator('.opblock').first().waitFor();
  for (const operation of await page.locator('.opblock').all()) {
    const control = operation.locator('.opblock-summary-control');
    await control.click();
    await operation.locator('.responses-inner').waitFor();
    const method = await operation.locator('.opblock-summary-method').innerText();
    const found = await operation.getByRole('button', { name: 'Try it out' }).count();
    buttons.set(method, (buttons.get(method) ?? 0) + found);
    await control.click();
    await operation.locator('.responses-inner').waitFor({ state: 'detached' });
  }
  return buttons;
}

for (const basePath of ['', '/base/v1']) {
  const title = basePath === '' ? 'at the root' : 'below a base path';
  test(`${title} the page draws every operation, from this origin alone, without a complaint`, {
    skip,
  }, async (t) => {
    const gateway = await startTestGateway(t, { environment: { BASE_PATH: basePath } });
    const watched = await openPage(t, `${gateway.url}${basePath}/docs`);
    const drawn = await drawnOperations(watched);
    const { json } = await gateway.call({ path: `${basePath}/openapi.json` });
    const documented = Object.entries<object>(json.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((name) => name !== 'parameters')
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.ok(documented.length >= 6);
    assert.deepEqual(drawn.sort(), documented.sort());
    const own = ['pages.css', 'contract.css', 'swagger-ui.css', 'swagger-ui-bundle.js', 'icon.svg'];
    own.push('contract.js', 'contract-view.js');
    const files = ['/docs', '/openapi.json', ...own.map((name) => `/docs/${name}`)];
    await until('the icon', () => watched.requests.some((url) => url.endsWith('/icon.svg')));
    assert.deepEqual(
      [...new Set(watched.requests.filter((url) => !url.startsWith('data:')))].sort(),
      files.map((path) => `${gateway.url}${basePath}${path}`).sort(),
    );
    assert.deepEqual(watched.complaints, []);
  });
}

test('the browser tells this suite when the content security policy stops something', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const watched = await openPage(t, `${gateway.url}/docs`);
  await watched.page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>')`);
  await watched.page.evaluate(`fetch('http://127.0.0.1:9/').catch(() => undefined)`);
  for (const directive of ['style-src-attr', 'connect-src'])
    await until(directive, () => watched.complaints.some((line) => line.startsWith(`policy: ${directive}`)));
});

test('a link cannot make the page read another document', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const other = encodeURIComponent(`${gateway.url}/docs/other.json`);
  const watched = await openPage(t, `${gateway.url}/docs?url=${other}&configUrl=${other}`);
  await watched.page.locator('.opblock').first().waitFor();
  assert.ok(watched.requests.every((url) => !url.includes('/other.json')));
});

test('with a pasted token the page reads from this gateway, and keeps the token nowhere', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  await gateway.create();
  const watched = await openPage(t, `${gateway.url}/docs`);
  const { page } = watched;
  const token = await gateway.issuer.sign();
  await page.locator('.auth-wrapper .authorize').first().click();
  await page.locator('.modal-ux input').fill(token);
  await page.locator('.modal-ux button.authorize').click();
  await page.locator('.modal-ux .close-modal').click();
  const list = page.locator('.opblock-get').filter({ hasText: 'List the VPC peerings' });
  await list.locator('.opblock-summary-control').click();
  await list.getByRole('button', { name: 'Try it out' }).click();
  await list.locator('tr[data-param-name="clusterId"] input').fill(clusterId);
  await list.locator('tr[data-param-name="offset"] input').fill('0');
  await list.getByRole('button', { name: 'Execute' }).click();
  await list.locator('.live-responses-table').waitFor();
  await assertShows(list.locator('.live-responses-table').innerText(), allowed.vpcId);
  assert.ok(watched.requests.some((url) => url.startsWith(`${gateway.url}${peeringsPath}`)));
  assert.ok(watched.requests.every((url) => !url.includes(token)));
  assert.equal(
    await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'),
    0,
  );
  assert.deepEqual(watched.complaints, []);
});

const assertShows = async (text: Promise<string>, part: string): Promise<void> =>
  assert.ok((await text).includes(part), await text);

test('every operation opens without a complaint, and only what reads can be sent from here', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  const watched = await openPage(t, `${gateway.url}/docs`);
  const buttons = await openOperations(watched);
  for (const [method, found] of buttons) assert.equal(found > 0, method === 'GET', method);
  assert.ok(buttons.has('POST'));
  assert.deepEqual(watched.complaints, []);
});
