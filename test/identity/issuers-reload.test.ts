// `AUTH_ISSUERS_FILE` is read again when it changes: as a whole or not at all, and no token outlives the rules that it was
// accepted by.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { guardrailsOnly } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
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

test('other issuers have the policy warned about and tested anew, and a test that fails now is a rejection', async (t) => {
  const first = await startIssuerFor(t, { path: '/first' });
  const second = await startIssuerFor(t, { path: '/second' });
  const trusted = { issuer: first, rules: { audiences } };
  const policy = `${guardrailsOnly}
grants: [{ id: payments, callers: [{ claim: sub, equals: svc-payments }], actions: [list] }]
`;
  const tests = join(temporaryFolder(), 'tests.yaml');
  await writeFile(
    tests,
    stringify({
      tests: [
        {
          name: 'payments may list',
          claims: { iss: first.url, sub: 'svc-payments' },
          request: { action: 'list' },
          expect: 'allow',
        },
      ],
    }),
  );
  const { gateway, file, call } = await startWithIssuers(t, [trusted], {
    policy,
    environment: { POLICY_TESTS_FILE: tests },
  });
  const logged = (msg: string, detail: RegExp) => () =>
    gateway.logs.some((line) => line.msg === msg && detail.test(JSON.stringify(line)));
  const ambiguous = logged('warning about the policy', /names none of the 2 issuers/);
  assert.equal(ambiguous(), false);

  await writeIssuers(file, [trusted, { issuer: second, rules: { audiences } }]);
  await until('the policy is warned about', ambiguous);

  await writeIssuers(file, [{ issuer: first, rules: { audiences, scopes: 'none' } }]);
  await until('the test fails', logged('policy rejected', /payments may list.*no_grant/));
  assert.equal(gateway.policyRecords.at(-1)?.metadata.event_code, 'policy.rejected');
  const listing = await call(await first.sign(token), 'GET', '/database/clusters');
  assert.equal(listing.status, 403, 'the new issuers count all the same');

  await writeIssuers(file, [trusted]);
  await until('the policy passes', logged('policy restored after a rejected one', /./));
});
