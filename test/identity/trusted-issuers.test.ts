// The issuers that are trusted, and what of them survives when they are replaced: keys of an issuer whose keys are in the same
// place, and nothing of any other. Keys come from files, which are read once the issuers have been started.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { Agent } from 'undici';
import { systemClock } from '../../src/clock.ts';
import type { IssuerConfig } from '../../src/config/config.ts';
import { TrustedIssuers } from '../../src/identity/trusted-issuers.ts';
import type { Logger } from '../../src/logging/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
const { publicKey } = await generateKeyPair('ES256', { extractable: true });
const set = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] });

function rulesOf(name: string, more: Partial<IssuerConfig> = {}): IssuerConfig {
  const jwksFile = join(folder, `${name}.json`);
  writeFileSync(jwksFile, set);
  return {
    issuer: `https://${name}.example`,
    audiences: ['peergate'],
    clients: undefined,
    scopes: 'required',
    jwksUri: undefined,
    jwksFile,
    algorithms: ['ES256'],
    tokenType: undefined,
    ...more,
  };
}

function trusting(t: TestContext, ...rules: IssuerConfig[]) {
  const agent = new Agent();
  const fetched: string[] = [];
  const trusted = new TrustedIssuers(
    { issuers: rules, issuersFile: undefined, clockToleranceSeconds: 5, jwksMaxStaleMs: 3_600_000 },
    {
      clock: systemClock,
      logger: { warn: () => undefined } as unknown as Logger,
      agent,
      maxWaiting: 4,
      observe: (issuer, result) => fetched.push(`${issuer} ${result}`),
    },
  );
  t.after(async () => {
    trusted.stop();
    await agent.destroy();
  });
  const keysOf = (name: string) => trusted.get(`https://${name}.example`)?.keys;
  return {
    trusted,
    fetched,
    keysOf,
    known: (...names: string[]) =>
      until('the keys are known', () => names.every((name) => keysOf(name)?.known())),
  };
}

test('an issuer is found by its exact name, and its keys are fetched from the start on', async (t) => {
  const { trusted, fetched, known } = trusting(t, rulesOf('a'), rulesOf('b'));
  assert.equal(trusted.get('https://a.example')?.rules.issuer, 'https://a.example');
  for (const name of ['https://a.example/', 'https://A.example', '', '__proto__'])
    assert.equal(trusted.get(name), undefined);
  assert.deepEqual(
    trusted.all().map(({ rules }) => rules.issuer),
    ['https://a.example', 'https://b.example'],
  );
  assert.deepEqual(fetched, []);
  trusted.start();
  await known('a', 'b');
  assert.deepEqual(fetched.sort(), ['https://a.example ok', 'https://b.example ok']);
});

test('an issuer that stays the same stays as it is; one with other rules and the same keys keeps these', async (t) => {
  const [a, b] = [rulesOf('a'), rulesOf('b')];
  const { trusted, fetched, keysOf, known } = trusting(t, a, b);
  trusted.start();
  await known('a', 'b');
  const [first, second] = trusted.all();
  trusted.replace([rulesOf('a'), { ...b, audiences: ['other'] }]);
  assert.equal(trusted.get(a.issuer), first);
  assert.notEqual(trusted.get(b.issuer), second);
  assert.deepEqual(trusted.get(b.issuer)?.rules.audiences, ['other']);
  assert.equal(keysOf('b'), second?.keys);
  assert.equal(fetched.length, 2);
});

test('an issuer whose keys are elsewhere now has none of the former ones, and fetches its own', async (t) => {
  const a = rulesOf('a');
  const { trusted, fetched, keysOf, known } = trusting(t, a);
  trusted.start();
  await known('a');
  const former = keysOf('a');
  trusted.replace([{ ...a, jwksFile: rulesOf('elsewhere').jwksFile }]);
  assert.notEqual(keysOf('a'), former);
  assert.equal(keysOf('a')?.known(), false);
  await known('a');
  assert.equal(fetched.length, 2);
  const latest = keysOf('a');
  trusted.replace([{ ...a, jwksFile: undefined, jwksUri: 'https://keys.invalid' }]);
  assert.notEqual(keysOf('a'), latest);
});

test('before the start and after the end an issuer that is added fetches nothing', async (t) => {
  const { trusted, fetched, keysOf, known } = trusting(t, rulesOf('a'));
  trusted.replace([rulesOf('a'), rulesOf('b')]);
  trusted.start();
  await known('a', 'b');
  trusted.stop();
  trusted.replace([rulesOf('c')]);
  assert.equal(keysOf('c')?.fetchedAt, undefined);
  const before = fetched.length;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fetched.length, before);
});

test('the keys of an issuer that is removed, or of all at the end, are fetched no more; those of one that stays are', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { trusted, fetched } = trusting(t, rulesOf('a'), rulesOf('b'), rulesOf('c'));
  const soon = async (count: number) => {
    while (fetched.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  trusted.start();
  await soon(3);
  trusted.replace([rulesOf('b'), rulesOf('c', { audiences: ['other'] })]);
  t.mock.timers.tick(480_000);
  await soon(5);
  assert.deepEqual(fetched.slice(3).sort(), ['https://b.example ok', 'https://c.example ok']);
  trusted.stop();
  t.mock.timers.tick(3_600_000);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fetched.length, 5);
});

test('the revision changes with issuers, with rules and with keys', async (t) => {
  const a = rulesOf('a');
  const { trusted, known } = trusting(t, a);
  const revisions = [trusted.revision];
  trusted.replace([a]);
  revisions.push(trusted.revision);
  trusted.start();
  await known('a');
  revisions.push(trusted.revision);
  trusted.replace([{ ...a, scopes: 'none' }]);
  revisions.push(trusted.revision);
  trusted.replace([]);
  revisions.push(trusted.revision);
  assert.equal(new Set(revisions).size, revisions.length, String(revisions));
  assert.equal(trusted.all().length, 0);
});
