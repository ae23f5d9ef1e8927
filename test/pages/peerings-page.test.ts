// `/docs/peerings` in a real browser, on a fleet of 12 clusters that a real gateway has read: every finding is there to be
// seen, filtered, reached by keyboard and heard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetClusters, fleetPeerings } from '../../sandbox/fleet.ts';
import { findingCodes } from '../../src/fleet/findings.ts';
import { allowedNumber, clusterId } from '../support/gateway.ts';
import { type PageElement, withoutChromium } from './browser.ts';
import { type FleetPage, openFleetPage, startFleet, startSmallFleet, untilListed } from './fleet-rig.ts';

const skip = withoutChromium;
const total = fleetPeerings.length;

const rows = ({ page }: FleetPage) => page.locator('table.peerings tbody tr');
const cards = ({ page }: FleetPage) => page.locator('.cluster');
const shown = async ({ page }: FleetPage) => await page.locator('#shown').innerText();
const idOfFocus = 'document.activeElement.id';

test('the whole fleet is on the page: each finding, a map of each cluster, and a filter for all of it', {
  skip,
}, async (t) => {
  const gateway = await startFleet(t);
  const token = await gateway.issuer.sign();
  const fleet = await untilListed(gateway, total);
  const fleetPage = await openFleetPage(t, gateway);
  const { page } = fleetPage;
  const verdict = await fleetPage.show(token);
  assert.match(verdict, new RegExp(`^${total} peerings in ${fleetClusters.length} clusters, read 20`));
  const press = async (finding: string) => await page.locator(`[data-finding="${finding}"]`).click();

  await t.test('each finding has its count, and pressing it leaves the peerings that have it', async () => {
    for (const code of findingCodes) {
      const count = fleet.peerings.filter(({ findings }) =>
        findings.some((finding) => finding.code === code),
      ).length;
      assert.ok(count > 0, `the fleet has no ${code}`);
      await press(code);
      assert.equal(await shown(fleetPage), `${count} peering${count === 1 ? '' : 's'} of ${total} shown.`);
      assert.equal(await rows(fleetPage).count(), count);
      assert.equal((await page.locator(`.found .${code}`).count()) >= count, true, code);
      assert.equal(await page.locator('[aria-pressed="true"]').getAttribute('data-finding'), code);
      await press(code);
    }
    assert.equal(await rows(fleetPage).count(), total);
  });

  await t.test(
    'each cluster has a map with its own block, every peered block, and the forbidden ones',
    async () => {
      assert.equal(await cards(fleetPage).count(), fleetClusters.length);
      const named = await page
        .locator('.map a')
        .evaluateAll((all) => all.map((link: PageElement) => link.getAttribute('aria-label')));
      assert.equal(named.length, total);
      for (const { request } of fleetPeerings)
        assert.ok(
          named.some((label) => label.startsWith(`${request.cidrBlock}, `)),
          request.cidrBlock,
        );
      for (const { cidrBlock } of fleetClusters)
        assert.ok(
          (await page.locator('.block.own title').allTextContents()).includes(
            `${cidrBlock}, the cluster itself`,
          ),
        );
      for (const kind of [
        '.forbidden',
        '.outside',
        '.inside',
        '.overlap',
        '.block.warn',
        '.block.bad',
        '.waits',
        '.dead',
      ])
        assert.ok((await page.locator(`.map ${kind}`).count()) > 0, kind);
    },
  );

  await t.test('overlaps are drawn where they are, between the peerings and with the cluster', async () => {
    const overlapsOf = (name: string) =>
      cards(fleetPage)
        .filter({ has: page.getByRole('heading', { name }) })
        .locator('.overlap');
    assert.equal(await overlapsOf('analytics').count(), 1);
    assert.equal(await overlapsOf('ledger').count(), 1);
    assert.equal(await overlapsOf('orders').count(), 0);
    // 10.20.0.0/20 in its /16: the first sixteenth.
    assert.equal(await overlapsOf('analytics').getAttribute('x'), '0%');
    assert.equal(await overlapsOf('analytics').getAttribute('width'), '6.25%');
  });

  await t.test(
    'an address leaves the blocks that it lies in; other text leaves what it is part of',
    async () => {
      const text = page.getByLabel('Text or address');
      const ask = async (words: string) => {
        await text.fill(words);
        return await rows(fleetPage).locator('td:nth-child(2)').allInnerTexts();
      };
      assert.deepEqual(new Set(await ask('10.20.70.9')), new Set(['10.20.64.0/18', '10.20.0.0/17']));
      assert.deepEqual(await ask('192.168.0.0/16'), ['192.168.40.0/24']);
      assert.ok((await ask('vpc-0badc4de')).length === 1);
      assert.equal(await cards(fleetPage).count(), 1);
      assert.equal((await ask('svc-payments')).length, fleet.peerings.filter((one) => one.createdBy).length);
      assert.deepEqual(await ask('no such thing'), []);
      assert.match(await page.locator('#table').innerText(), /No peering matches/);
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.getByLabel('Cluster', { exact: true }).selectOption({ label: 'catalog' });
      await page.getByLabel('Status', { exact: true }).selectOption('pending-acceptance');
      assert.ok((await rows(fleetPage).count()) < total);
      await page.getByRole('button', { name: 'Show all' }).click();
      assert.equal(await rows(fleetPage).count(), total);
    },
  );

  await t.test(
    'by keyboard: arrows go from block to block, Enter to the row, and headings sort',
    async () => {
      const { keyboard } = page;
      const label = `document.activeElement.getAttribute('aria-label')`;
      const map = cards(fleetPage).filter({ has: page.getByRole('heading', { name: 'analytics' }) });
      await map.locator('a[tabindex="0"]').focus();
      assert.equal(await map.locator('a[tabindex="0"]').count(), 1);
      await keyboard.press('End');
      const last = await page.evaluate(label);
      await keyboard.press('Home');
      const first = String(await page.evaluate(label));
      assert.match(first, /^10\.20\.0\.0\/17, active, vpc-0badc0de, .*: Block overlaps, Creator unknown$/);
      await keyboard.press('ArrowRight');
      assert.notEqual(await page.evaluate(label), first);
      await keyboard.press('ArrowLeft');
      assert.equal(await page.evaluate(label), first);
      assert.notEqual(last, first);
      assert.equal(await map.locator('.named').innerText(), first);
      await keyboard.press('Enter');
      const row = page.locator(`#${await page.evaluate(idOfFocus)}`);
      assert.match(await row.innerText(), /analytics[\s\S]*10\.20\.0\.0\/17[\s\S]*vpc-0badc0de/);
      await page.getByRole('button', { name: 'Block', exact: true }).focus();
      await keyboard.press('Enter');
      assert.equal(await page.locator('th[aria-sort="ascending"]').innerText(), 'Block');
      assert.match(await rows(fleetPage).first().innerText(), /10\.20\.0\.0/);
      await keyboard.press('Enter');
      assert.equal(await page.locator('th[aria-sort="descending"]').innerText(), 'Block');
      assert.match(await rows(fleetPage).first().innerText(), /192\.168\.40\.0\/24/);
    },
  );

  await t.test('nothing but this gateway was asked, and nothing had to be stopped', () => {
    assert.ok(fleetPage.requests.every((url) => url.startsWith(`${gateway.url}/`)));
    assert.deepEqual(fleetPage.requests.filter((url) => !url.includes('/docs/')).sort(), [
      `${gateway.url}/peerings`,
      `${gateway.url}/policy/effective`,
    ]);
    assert.deepEqual(fleetPage.complaints, []);
  });

  for (const colorScheme of ['light', 'dark'] as const)
    await t.test(`at 360 px, ${colorScheme}, nothing is wider than the screen`, async (inner) => {
      const narrow = await openFleetPage(inner, gateway, { width: 360, colorScheme });
      await narrow.show(token);
      assert.equal(await narrow.page.evaluate('document.documentElement.scrollWidth'), 360);
      assert.deepEqual(narrow.complaints, []);
    });
});

test('a table of more than 200 rows is bounded until somebody asks, and a block reaches its row in any case', {
  skip,
}, async (t) => {
  const gateway = await startSmallFleet(t);
  const count = 230;
  for (let number = 0; number < count; number += 1)
    gateway.cloud.addPeering(clusterId, allowedNumber(number), 'active');
  await untilListed(gateway, count);
  const fleetPage = await openFleetPage(t, gateway);
  const { page } = fleetPage;
  await fleetPage.show(await gateway.issuer.sign());
  assert.equal(await rows(fleetPage).count(), 200);
  const { cidrBlock } = allowedNumber(count - 1);
  await page.getByRole('link', { name: `${cidrBlock}, ` }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await rows(fleetPage).count(), count);
  assert.match(await page.locator(`#${await page.evaluate(idOfFocus)}`).innerText(), new RegExp(cidrBlock));
  await page.reload();
  await fleetPage.show(await gateway.issuer.sign());
  await page.getByRole('button', { name: `Show all ${count} rows` }).click();
  assert.equal(await rows(fleetPage).count(), count);
  assert.deepEqual(fleetPage.complaints, []);
});
