// Refusals, denials and limits are counted by codes and names of ours, each once, and nothing is counted that did not happen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream } from '../acceptance/hold-upstream.ts';
import { allowed, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { asked, bearer, recorded, refused, request, route, stages, timed, token } from './moves.ts';
import { changesBy } from './scrape.ts';

test('refusals are counted by code, and go no further than the stage that refused', async (t) => {
  const gateway = await startTestGateway(t);
  const good = { ...(await bearer(gateway)), 'content-type': 'application/json' };
  const post = (headers: Record<string, string>, body: unknown = allowed) =>
    gateway.call({ method: 'POST', headers, body: JSON.stringify(body) });
  assert.deepEqual(await changesBy(gateway, () => gateway.call({})), {
    [request(route, 'GET', 'none', '401')]: 1,
    [timed(route)]: 1,
    ...refused('token-missing'),
  });
  assert.deepEqual(await changesBy(gateway, () => post({ ...good, authorization: 'Bearer nothing' })), {
    [request(route, 'POST', 'none', '401')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify'),
    ...refused('token-invalid'),
    ...recorded('create.refused'),
  });
  const narrow = { ...good, ...(await bearer(gateway, { scope: 'read:database' })) };
  assert.deepEqual(await changesBy(gateway, () => post(narrow)), {
    [request(route, 'POST', 'none', '403')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify'),
    ...refused('scope-missing'),
    ...recorded('create.refused'),
  });
  assert.deepEqual(await changesBy(gateway, () => post(good, { vpcId: 'x' })), {
    [request(route, 'POST', 'none', '400')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse'),
    ...refused('request-invalid'),
    ...recorded('create.refused'),
  });
  assert.deepEqual(await changesBy(gateway, () => gateway.call({ path: '/nothing/here' })), {
    [request('none', 'GET', 'none', '404')]: 1,
    [timed('none')]: 1,
    ...refused('route-unknown'),
  });
  assert.deepEqual(await changesBy(gateway, () => gateway.call({ method: 'PATCH' })), {
    [request(route, 'other', 'none', '405')]: 1,
    [timed(route)]: 1,
    ...refused('method-not-allowed'),
  });
});

test('a denial counts each of its violations, in report mode, too, where it refuses nothing', async (t) => {
  const wrong = { ...allowed, region: 'eu-north-1', cidrBlock: '192.0.2.0/24' };
  const violations = {
    'policy_violations_total{code="region_not_allowed"}': 1,
    'policy_violations_total{code="cidr_not_allowed"}': 1,
  };
  const enforcing = await startTestGateway(t);
  assert.deepEqual(await changesBy(enforcing, () => enforcing.create(wrong)), {
    [request(route, 'POST', 'deny', '403')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize'),
    ...refused('policy-denied'),
    ...recorded('create.refused'),
    ...violations,
  });
  const reporting = await startTestGateway(t, { policy: `${guardrailsOnly}mode: report\n` });
  assert.deepEqual(await changesBy(reporting, () => reporting.create(wrong)), {
    [request(route, 'POST', 'allow', '201')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'lock', 'preflight', 'record', 'forward'),
    ...recorded('create.intent', 'create.outcome'),
    ...asked('GET', '200', 2),
    ...asked('POST', '201'),
    ...token,
    ...violations,
  });
});

test('one too many at once is counted as overloaded', async (t) => {
  const gateway = await startTestGateway(t, { environment: { MAX_IN_FLIGHT: '1' } });
  const upstream = holdUpstream(gateway);
  const moved = await changesBy(
    gateway,
    async () => {
      const first = gateway.create();
      await upstream.arrived(1);
      assert.equal((await gateway.create()).status, 503);
      upstream.release();
      await first;
    },
    2,
  );
  assert.equal(moved['refusals_total{code="overloaded"}'], 1);
  assert.equal(moved[request(route, 'POST', 'none', '503')], 1);
  assert.equal(moved[request(route, 'POST', 'allow', '201')], 1);
});

test('requests over a limit are counted by the name of the limit', async (t) => {
  const limits = { RATE_LIMIT_PER_MINUTE: '1', RATE_LIMIT_ADDRESS_PER_MINUTE: '3' };
  const gateway = await startTestGateway(t, { environment: limits });
  const headers = await bearer(gateway);
  const moved = await changesBy(
    gateway,
    async () => {
      const statuses: number[] = [];
      for (let count = 0; count < 5; count += 1) statuses.push((await gateway.call({ headers })).status);
      assert.deepEqual(statuses, [200, 429, 429, 429, 429]);
    },
    5,
  );
  assert.equal(moved['rate_limited_total{limit="caller"}'], 2);
  assert.equal(moved['rate_limited_total{limit="address"}'], 2);
  assert.equal(moved['refusals_total{code="rate-limited"}'], 4);
});
