// Every call in docs/calling.md and README.md runs against the demo and gets the answer that the page shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDemoParts } from '../../sandbox/demo-parts.ts';
import { noCurl } from '../support/curl.ts';
import { readText } from './documents.ts';
import { assertShown, callsOf, runCalls } from './transcript.ts';

for (const path of ['README.md', 'docs/calling.md'])
  test(`every call of ${path} gets the answer that the page shows`, { skip: noCurl }, async (t) => {
    const parts = await startDemoParts({ useDocumentedPorts: false, signal: t.signal });
    t.after(() => parts.close());
    const calls = callsOf(readText(path)).filter(({ command }) => command.includes('curl '));
    assert.ok(calls.length > 1);
    const urls = { 8080: parts.gatewayUrl, 8081: parts.idp.issuer };
    const printed = await runCalls(calls, (command) =>
      Object.entries(urls).reduce(
        (text, [port, url]) => text.replaceAll(`http://127.0.0.1:${port}`, url),
        command,
      ),
    );
    for (const [index, { command, shown }] of calls.entries()) {
      if (shown !== undefined) assertShown(shown, printed[index] ?? assert.fail(command));
    }
  });
