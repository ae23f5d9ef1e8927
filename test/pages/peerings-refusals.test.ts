// `/docs/peerings` when something is wrong: with the caller, the gateway, or the names in the answer. The token stays nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { put } from '../support/call-peering.ts';
import { allowed, clusterId, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { withoutChromium } from './browser.ts';
import { openFleetPage, startSmallFleet, untilListed } from './fleet-rig.ts';

const skip = withoutChromium;
const markup = '<img src=x onerror=alert(1)>';
const statusLine = /^error: Failed to load resource: the server responded/;
const expected = (complaints: readonly string[]) => complaints.filter((line) => !statusLine.test(line));

test('names that are markup are shown as text, in the table, the map and the filter', { skip }, async (t) => {
  const cluster = {
    id: clusterId,
    name: markup,
    cidrBlock: '10.128.0.0/19',
    networkId: 'vpc-0a1b2c3d4e5f60718',
  };
  const gateway = await startSmallFleet(t, { cloud: { clusters: [cluster] } });
  gateway.cloud.addPeering(
    clusterId,
    { ...allowed, vpcId: markup, accountId: `"><script>alert(1)</script>` },
    'active',
  );
  gateway.cloud.addPeering(clusterId, { ...allowed, cidrBlock: markup }, 'active');
  await untilListed(gateway, 2);
  const { page, complaints, show } = await openFleetPage(t, gateway);
  await show(await gateway.issuer.sign());
  const table = await page.locator('#table').innerText();
  for (const text of [markup, '"><script>']) assert.ok(table.includes(text), text);
  assert.equal(await page.getByRole('heading', { name: markup }).count(), 1);
  assert.equal(await page.locator('#cluster option').nth(1).innerText(), markup);
  assert.match(String(await page.locator('.map a').first().getAttribute('aria-label')), /<script>/);
  assert.equal(await page.locator('main :is(img, script)').count(), 0);
  assert.deepEqual(complaints, []);
});

test('the token is in no URL and no storage, and is gone when the page is left', { skip }, async (t) => {
  const gateway = await startSmallFleet(t);
  put(gateway, 'active');
  await untilListed(gateway, 1);
  const { page, requests, show } = await openFleetPage(t, gateway);
  const token = await gateway.issuer.sign();
  await show(`Bearer ${token}`);
  assert.ok(requests.every((url) => !url.includes(token)));
  assert.equal(
    await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length'),
    0,
  );
  assert.ok(!(await page.content()).includes(token));
  await page.goto(`${gateway.url}/docs/errors`);
  await page.goBack();
  assert.equal(await page.locator('#token').inputValue(), '');
  assert.ok(!gateway.output().includes(token));
});

test('what is no token is sent to nobody', { skip }, async (t) => {
  const gateway = await startSmallFleet(t);
  const { requests, show } = await openFleetPage(t, gateway);
  assert.equal(await show(''), 'Paste an access token first.');
  assert.equal(await show('two words'), 'This is no access token.');
  assert.ok(requests.every((url) => url.includes('/docs/')));
});

test('a caller without a grant for inspect is told so, with the contact, and sees no earlier answer', {
  skip,
}, async (t) => {
  const policy = `${guardrailsOnly}contact: "#network-access"
grants:
  - { id: network, callers: [{ claim: sub, equals: svc-network }], actions: [inspect] }
  - { id: others, callers: [{ claim: sub, equals: svc-payments }], actions: [list] }
`;
  const gateway = await startSmallFleet(t, { policy });
  const { page, complaints, show } = await openFleetPage(t, gateway);
  const network = await gateway.issuer.sign({ sub: 'svc-network' });
  assert.match(await show(network), /^0 peerings in 0 clusters, read /);
  assert.equal(
    await show(await gateway.issuer.sign()),
    'No grant with the action inspect is for this caller. Ask #network-access.',
  );
  assert.ok(await page.locator('#fleet').isHidden());
  assert.match(await show(await gateway.issuer.sign({ exp: 1 })), /^The token has expired\./);
  assert.match(await show(await gateway.issuer.sign({ scope: 'x' })), /^The token does not permit this\./);
  assert.deepEqual(expected(complaints), []);
});

test('a fleet that is off, not read yet, or read in part is said in words', { skip }, async (t) => {
  const off = await startSmallFleet(t, { environment: { FLEET_REFRESH_SECONDS: '0' } });
  const offPage = await openFleetPage(t, off);
  assert.match(
    await offPage.show(await off.issuer.sign()),
    /does not read the fleet: FLEET_REFRESH_SECONDS is 0/,
  );

  const unread = await startTestGateway(t, {
    environment: { FLEET_REFRESH_SECONDS: '1' },
    cloud: { fault: ({ path }) => (path.startsWith('/v1/') ? () => undefined : undefined) },
  });
  const unreadPage = await openFleetPage(t, unread);
  assert.match(await unreadPage.show(await unread.issuer.sign()), /^The gateway cannot answer now\./);

  const partly = await startSmallFleet(t, {
    cloud: {
      fault: ({ path }) =>
        path.startsWith(`/v1/database/clusters/${clusterId}/`)
          ? (_request, response) => void response.writeHead(500).end()
          : undefined,
    },
  });
  await untilListed(partly, 0);
  const partlyPage = await openFleetPage(t, partly);
  assert.match(await partlyPage.show(await partly.issuer.sign()), /Not complete: .* could not be read\./);
});

test('an answer whose members are of no expected type is shown as far as it goes', { skip }, async (t) => {
  const gateway = await startSmallFleet(t);
  const { page, complaints, show } = await openFleetPage(t, gateway);
  const odd = (value: unknown) => ({
    ...{ clusterId, id: 'p', clusterName: value, clusterCidrBlock: value, cidrBlock: value, vpcId: value },
    ...{ accountId: value, region: value, status: value, acceptBy: value, createdBy: value, findings: value },
  });
  const peerings = [null, {}, [1], 7, 'text'].map(odd);
  peerings.push({ ...odd(null), findings: [{ code: {}, description: null }] });
  await page.route('**/peerings', (route) => route.fulfill({ status: 200, json: { peerings } }));
  await show(await gateway.issuer.sign());
  assert.equal(await page.locator('#table tbody tr').count(), peerings.length);
  for (const heading of await page.locator('#table th button').all()) await heading.click();
  assert.doesNotMatch(await page.locator('#table').innerText(), /object Object|null|undefined/);
  assert.deepEqual(complaints, []);
});
