// `AUTH_ISSUERS_FILE` is read again when it changes: as a whole or not at all, and no token outlives the rules that it was
// accepted by.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { startIssuerFor, startWithIssuers, writeIssuers } from './issuers-of-tests.ts';

const audiences = ['peergate'];
const token = { aud: 'peergate' };

test('an issuer that is added, changed or removed counts from the reload on, for remembered tokens as well', async (t) => {
  const first = await startIssuerFor(t, { path: '/first' });
  const second = await startIssuerFor(t, { path: '/second' });
  const one = { issuer: first, rules: { audiences } };
  const two = { issuer: second, rules: { audiences } };
  const { gateway, file, call } = await startWithIssuers(t, [one]);
  const [ofFirst, ofSecond] = [await first.sign(token), await second.sign(token)];
  const read = async (bearer: string) => (await call(bearer, 'GET', '/policy/effective')).status;
  const loaded = (times: number) =>
    until(
      'the issuers are loaded',
      () => gateway.logs.filter(({ msg }) => msg === 'issuers loaded').length === times,
    );
  assert.deepEqual([await read(ofFirst), await read(ofSecond)], [200, 401]);
  const fetched = first.requests.length;

  await writeIssuers(file, [one, two]);
  await loaded(1);
  assert.deepEqual([await read(ofFirst), await read(ofSecond)], [200, 200]);
  assert.equal(first.requests.length, fetched, 'the keys of an issuer that stays are not fetched again');

  await writeIssuers(file, [{ issuer: first, rules: { audiences: ['other'] } }, two]);
  await loaded(2);
  assert.deepEqual([await read(ofFirst), await read(ofSecond)], [401, 200]);

  await writeIssuers(file, [one]);
  await loaded(3);
  assert.deepEqual([await read(ofFirst), await read(ofSecond)], [200, 401]);
});

test('a file with any fault changes nothing, and the log names the fault', async (t) => {
  const first = await startIssuerFor(t);
  const entry = { issuer: first, rules: { audiences } };
  const { gateway, file, call } = await startWithIssuers(t, [entry]);
  const rejected = (fault: RegExp) =>
    until('the rejection is logged', () =>
      gateway.logs.some(({ msg, faults }) => /^issuers rejected/.test(msg) && fault.test(faults.join())),
    );
  await writeFile(
    file,
    `issuers: [{ issuer: "${first.url}", audiences: [other] }, { issuer: "https://b.example" }]\n`,
  );
  await rejected(/\/issuers\/1 must have one of audiences and clients/);
  assert.equal((await call(await first.sign(token), 'GET', '/policy/effective')).status, 200);
  await writeFile(file, '');
  await rejected(/must not be empty/);
  assert.equal((await call(await first.sign(token), 'GET', '/policy/effective')).status, 200);
});

test('an issuer becomes one without scopes by a reload, and its callers need a grant from then on', async (t) => {
  const first = await startIssuerFor(t);
  const { gateway, file, create } = await startWithIssuers(t, [{ issuer: first, rules: { audiences } }]);
  const bearer = await first.sign(token);
  assert.equal((await create(bearer)).status, 201);
  await writeIssuers(file, [{ issuer: first, rules: { audiences, scopes: 'none' } }]);
  await gateway.reloadPolicy();
  assert.equal((await create(bearer, { vpcId: 'vpc-0123456789abcdef1' })).status, 403);
});
