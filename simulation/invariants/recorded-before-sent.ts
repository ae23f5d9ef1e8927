// No change leaves a gateway without a durable intent of that very request, and none leaves twice.
import type { Attempt } from '../caller.ts';
import type { World } from '../world.ts';

interface SentRequest {
  readonly method: string;
  readonly requestId: string;
  readonly path: string;
  readonly body: string;
}

export function requireRecorded(world: World, attempt: Attempt | undefined, request: SentRequest): void {
  const { method, requestId, path, body } = request;
  if (attempt === undefined) {
    world.violated('recorded-before-sent', `${method} ${path} of ${requestId}, which nobody asked for`);
    return;
  }
  const { machine, gatewayRequestId, sentAt } = attempt;
  const code = method === 'POST' ? 'peering.create.intent' : 'peering.delete.intent';
  const intent = machine.audit
    .records()
    .find((record) => record.code === code && record.gatewayRequestId === gatewayRequestId);
  if (intent === undefined && machine.disk.hidLoss)
    world.count('recorded behind a loss that the system hides');
  else if (intent === undefined)
    world.violated('recorded-before-sent', `${method} of ${requestId} left without a durable intent`);
  else if (!isOf(intent.data, path, body))
    world.violated('recorded-before-sent', `${method} ${path} ${body} left with the intent ${intent.text}`);
  const refused = attempt.refusedTokens;
  if (sentAt.length > 1 + refused)
    world.violated('recorded-before-sent', `${method} of ${requestId} left ${sentAt.length} times`);
}

function isOf(data: Readonly<Record<string, unknown>>, path: string, body: string): boolean {
  const [, , , clusterId, , peeringId] = path.split('/');
  const sent = {
    clusterId,
    ...(peeringId === undefined ? {} : { peeringId }),
    ...(body === '' ? {} : JSON.parse(body)),
  };
  return Object.entries(sent as object).every(([name, value]) => data[name] === value);
}

/** What was sent stays recorded, whatever becomes of process and machine. */
export function requireStillRecorded(world: World): void {
  const recorded = new Set(
    world.machines.flatMap(({ audit }) =>
      audit
        .records()
        .flatMap(({ code, gatewayRequestId }) => (code.endsWith('.intent') ? gatewayRequestId : [])),
    ),
  );
  for (const { sentAt, gatewayRequestId, requestId, machine } of world.attempts)
    if (sentAt.length > 0 && !recorded.has(gatewayRequestId) && !machine.disk.hidLoss)
      world.violated('recorded-before-sent', `the intent of ${requestId}, which was sent, is gone`);
}
