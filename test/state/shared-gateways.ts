// Two gateways that share one Redis, one issuer and nothing else, and what their answers say about the rate limit.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Reply, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { until } from '../support/until.ts';

export async function startTwo(
  test: TestContext,
  environment: Record<string, string>,
  policy?: string,
): Promise<readonly [TestGateway, TestGateway]> {
  const issuer = await startIssuer();
  test.after(() => issuer.close());
  const start = () =>
    startTestGateway(test, { issuer, environment, ...(policy !== undefined && { policy }) });
  return [await start(), await start()];
}

export const list = async (gateway: TestGateway, claims: Record<string, unknown> = {}): Promise<Reply> =>
  gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign(claims)}` } });

/** What the answer says is left of a limit; draft-ietf-httpapi-ratelimit-headers-08. */
export function remaining(reply: Reply, name = 'caller'): number {
  const lines = [reply.headers['ratelimit']].flat();
  const line = lines.find((text) => text?.startsWith(`"${name}"; `)) ?? '';
  const seconds = Number(/; t=(\d+)/.exec(line)?.[1]);
  assert.ok(seconds >= 0 && seconds <= 60, line);
  return Number(/; r=(\d+);/.exec(line)?.[1]);
}

/** The caller's requests are served until so many have been, and the next one gets 429. */
export async function assertLeft(gateway: TestGateway, count: number): Promise<void> {
  for (let left = count - 1; left >= 0; left -= 1) {
    const reply = await list(gateway);
    assert.equal(reply.status, 200);
    assert.equal(remaining(reply), left);
  }
  const refused = await list(gateway);
  assert.equal(refused.status, 429);
  assert.equal(refused.json.type, 'urn:aerospike:errors:ratelimit:exceeded');
  const seconds = Number(refused.headers['retry-after']);
  assert.ok(seconds >= 1 && seconds <= 60, String(refused.headers['retry-after']));
}

export const said = (gateway: TestGateway, start: string): string[] =>
  gateway.logs.map(({ msg }) => String(msg)).filter((text) => text.startsWith(start));

/** The cause that each of these log lines names. */
export const causesOf = (gateway: TestGateway, start: string): string[] =>
  gateway.logs.filter(({ msg }) => String(msg).startsWith(start)).map(({ cause }) => cause);

/** Resolves when each of the gateways has said at least so many times that Redis is up. */
export const upAgain = (gateways: readonly TestGateway[], times = 2): Promise<void> =>
  until('Redis is up for all of them', () =>
    gateways.every((gateway) => said(gateway, 'Redis is up').length >= times),
  );
