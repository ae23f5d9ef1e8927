// A real Chromium on the pages of a real gateway. Whatever a page may not do is counted: requests to another origin,
// violations of the content security policy, errors on the console, dialogs.
import { existsSync } from 'node:fs';
import { after, type TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
/** For one step of a page on a machine that is busy with other things. */
const patienceMs = 60_000;

/** For the `skip` of a test. */
export const withoutChromium = existsSync(executablePath) ? false : `${executablePath} is not installed`;

let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

const launch = (): Promise<Browser> => {
  // No name is looked up and nothing but loopback is reached, whatever a page or the browser itself would like.
  const args = ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'];
  browser ??= chromium.launch({ executablePath, args });
  return browser;
};

export interface Watched {
  readonly page: Page;
  /** URLs that were asked for, in order. */
  readonly requests: string[];
  /** Console errors and warnings, uncaught errors, violations of the policy, dialogs. */
  readonly complaints: string[];
}

/** What tests read of an element, in the browser: the compiler knows no DOM here. */
export interface PageElement {
  readonly id: string;
  readonly tagName: string;
  readonly href: string;
  readonly textContent: string;
  readonly labels: readonly unknown[];
  readonly ownerDocument: PageDocument;
  getAttribute(name: string): string;
  removeAttribute(name: string): void;
}

interface PageDocument {
  getElementById(id: string): PageElement;
  createRange(): {
    setStart(node: TextNode, offset: number): void;
    setEnd(node: TextNode, offset: number): void;
    getBoundingClientRect(): { readonly top: number };
  };
  createTreeWalker(
    element: PageElement,
    whatToShow: number,
  ): { nextNode(): TextNode | null; readonly currentNode: TextNode };
}

interface TextNode {
  readonly length: number;
}

export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A page in a profile of its own, gone when the test ends. */
export async function openPage(
  test: TestContext,
  url: string,
  { width = 1280, height = 900, colorScheme = 'light' }: ViewOptions = {},
): Promise<Watched> {
  const context = await (await launch()).newContext({
    viewport: { width, height },
    colorScheme,
    ignoreHTTPSErrors: true,
  });
  test.after(() => context.close());
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const watched: Watched = { page, requests: [], complaints: [] };
  page.on('request', (request) => watched.requests.push(request.url()));
  page.on('pageerror', (error) => watched.complaints.push(`uncaught: ${error.message}`));
  page.on('dialog', (dialog) => {
    watched.complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      watched.complaints.push(`${message.type()}: ${message.text()}`);
  });
  await page.exposeFunction('reportViolation', (what: string) => watched.complaints.push(what));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    reportViolation('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile))`);
  await page.goto(url);
  return watched;
}
