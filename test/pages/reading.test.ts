// How the pages read: operations before prose, nothing said once for each status, short lines, one navigation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { openPage, type PageElement, type Watched, withoutChromium } from './browser.ts';

const skip = withoutChromium;
const paths = ['/docs', '/docs/policy', '/docs/peerings', '/docs/errors'];
const screen = { width: 1280, height: 900 };

async function openedPost({ page }: Watched) {
  const post = page.locator('.opblock-post').first();
  await post.locator('.opblock-summary-control').click();
  await post.locator('.responses-inner').waitFor();
  return post;
}

/** For the browser: the longest line of the elements, in characters. */
const longestLine = (elements: readonly PageElement[]): number => {
  let longest = 0;
  for (const element of elements) {
    const { ownerDocument } = element;
    const range = ownerDocument.createRange();
    const texts = ownerDocument.createTreeWalker(element, 4);
    let [top, length] = [Number.NaN, 0];
    while (texts.nextNode()) {
      const node = texts.currentNode;
      for (let at = 0; at < node.length; at += 1) {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const box = range.getBoundingClientRect();
        if (!(Math.abs(box.top - top) < 8)) [top, length] = [box.top, 0];
        length += 1;
        longest = Math.max(longest, length);
      }
    }
  }
  return longest;
};

test('the contract shows its operations first, and an opened create on at most three screens', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t);
  const watched = await openPage(t, `${gateway.url}/docs`, screen);
  const { page } = watched;
  const post = await openedPost(watched);
  const order = await page
    .locator('.opblock-post, section.prose')
    .evaluateAll((all) => all.map(({ tagName }: PageElement) => tagName));
  assert.deepEqual(order, ['DIV', 'SECTION']);
  const box = await post.boundingBox();
  assert.ok(box !== null && box.height <= 3 * screen.height, `${box?.height} px`);
  assert.ok(box.y < screen.height / 2, `the create begins at ${box.y} px`);
  assert.equal(await post.locator('.response .headers').count(), 0);
  const prose = await page.locator('section.prose').innerText();
  for (const name of ['Proxy-Status', 'X-Gateway-Request-Id', 'WWW-Authenticate', 'RateLimit-Policy'])
    assert.equal(prose.split(`\n${name}:`).length, 2, name);
  assert.match(prose, /Proxy-Status: Who answered, and why/);
  assert.match(prose, /WWW-Authenticate: .*invalid_token/);
  for (const status of ['405', '429', '500']) {
    assert.match(prose, new RegExp(`\\n${status} `));
    assert.equal(await post.locator(`tr.response[data-code="${status}"]`).count(), 0, status);
  }
  assert.deepEqual(watched.complaints, []);
});

test('each code of a refusal in the contract leads to its place among the errors', { skip }, async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/base' } });
  const watched = await openPage(t, `${gateway.url}/base/docs`, screen);
  const post = await openedPost(watched);
  const links = await post
    .locator('.responses-inner a')
    .evaluateAll((all) => all.map(({ href }: PageElement) => href));
  assert.ok(links.length > 20);
  const { text } = await gateway.call({ path: '/base/docs/errors' });
  for (const link of links) {
    const { pathname, hash } = new URL(link);
    assert.equal(pathname, '/base/docs/errors');
    assert.ok(text.includes(`id="${hash.slice(1)}"`), hash);
  }
});

test('no line of text is longer than 90 characters on any page', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  for (const path of paths) {
    const watched = await openPage(t, `${gateway.url}${path}`, screen);
    if (path === '/docs') await openedPost(watched);
    if (path === '/docs/peerings')
      await watched.page.locator('#fleet').evaluate((fleet: PageElement) => fleet.removeAttribute('hidden'));
    const longest = await watched.page.locator('main :is(p, dd)').evaluateAll(longestLine);
    assert.ok(longest > 40 && longest <= 90, `${path}: ${longest}`);
  }
});

test('all pages have the same navigation, and each marks itself in it', { skip }, async (t) => {
  const gateway = await startTestGateway(t);
  const seen = await Promise.all(
    paths.map(async (path) => {
      const { page } = await openPage(t, `${gateway.url}${path}`);
      const links = page.getByRole('navigation').getByRole('link');
      const current = page.locator('nav a[aria-current="page"]');
      assert.equal(new URL(await current.evaluate(({ href }: PageElement) => href)).pathname, path);
      return JSON.stringify(
        await links.evaluateAll((all) =>
          all.map(({ href, textContent }: PageElement) => [href, textContent]),
        ),
      );
    }),
  );
  assert.equal(new Set(seen).size, 1, seen.join('\n'));
});
