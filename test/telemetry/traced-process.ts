// The gateway as a process of its own, since the packages of OpenTelemetry read the environment of theirs, and creates through it.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ServedProcess, type Surroundings, serve, surround } from '../acceptance/process.ts';
import { allowed, peeringsPath, send } from '../support/gateway.ts';

export async function create(
  { issuer }: Surroundings,
  { port }: ServedProcess,
  more: Record<string, string> = {},
) {
  const authorization = `Bearer ${await issuer.sign()}`;
  const headers = { authorization, 'content-type': 'application/json', ...more };
  const wanted = { method: 'POST', path: peeringsPath, headers, body: JSON.stringify(allowed) } as const;
  assert.equal((await send(`http://127.0.0.1:${port}`, wanted)).status, 201);
}

/** `sent`: the `traceparent` of each create that Aerospike Cloud saw. */
export async function start(t: TestContext, settings: Record<string, string>) {
  const surroundings = await surround(t);
  const sent: string[] = [];
  surroundings.cloud.setFault(({ method, headers }) => {
    if (method === 'POST' && headers['x-request-id'] !== undefined) sent.push(String(headers['traceparent']));
    return undefined;
  });
  const served = await serve(t, surroundings, 'audit.log', settings);
  return { surroundings, served, sent };
}

export async function end(served: ServedProcess): Promise<void> {
  served.signal('SIGTERM');
  assert.deepEqual(await served.exited, [0, null]);
}
