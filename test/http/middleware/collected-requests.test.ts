// A request that has been answered can be collected at once: nothing that lives longer keeps it until a full collection.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Response } from 'express';
import { InFlight } from '../../../src/http/middleware/in-flight.ts';
import { type RequestContext, setContext } from '../../../src/http/request-context.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;

const together = 32;
const requests = 5_000;
const bytesEach = 8_000;

/** What of a response `InFlight` looks at, and as much memory as a request takes. */
function enter(inFlight: InFlight): Response {
  const ballast = Array.from({ length: bytesEach / 8 }, (_, index) => index);
  const response = Object.assign(new EventEmitter(), { req: {}, headersSent: false, ballast });
  setContext(response as unknown as Response, {} as RequestContext);
  inFlight.admit(response as unknown as Response);
  return response as unknown as Response;
}

/** What is left when nothing but the young objects has been looked at; what survives twice is old. */
function heapAfterYoungCollections(): number {
  for (let turn = 0; turn < 3; turn += 1) collect({ type: 'minor' });
  return process.memoryUsage().heapUsed;
}

test('of requests that were answered, young collections leave none, however many came and went', () => {
  const inFlight = new InFlight(1000);
  const open = Array.from({ length: together }, () => enter(inFlight));
  const before = heapAfterYoungCollections();
  for (let count = 0; count < requests; count += 1) {
    open[count % together]?.emit('close');
    open[count % together] = enter(inFlight);
  }
  assert.equal(inFlight.count, together);
  const kept = heapAfterYoungCollections() - before;
  // Those that are open when V8 collects by itself grow old with some right.
  assert.ok(kept < (requests * bytesEach) / 10, `${kept} bytes of ${requests * bytesEach} are kept`);
});
