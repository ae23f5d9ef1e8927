// Makes the plan of a run from its seed.
import { makeFragment } from './fragments.ts';
import { type ExchangeKind, exchangeFaults } from './network.ts';
import type { CallerStep, Plan, Settings, Step } from './plan.ts';
import { Random } from './random.ts';

export const callers = ['svc-a', 'svc-b', 'svc-c'] as const;
export const vpcs = [0, 1, 2, 3].map((number) => `vpc-0123456789abcde0${number}`);
export const blocks = [
  '10.20.0.0/22',
  '10.20.0.0/24',
  '10.20.4.0/24',
  '10.20.8.0/24',
  '10.30.0.0/24',
  '10.30.1.0/24',
  '10.40.0.0/24',
];

/** A pause that nobody notices, and one in which leases and locks end. */
const stalls = [
  { least: 10, most: 4000 },
  { least: 9000, most: 25_000 },
];

/** Steps begin within so many milliseconds. */
const lengthMs = 40_000;

export function makePlan(seed: string): Plan {
  const random = new Random(seed);
  const settings = makeSettings(random);
  const moments = Array.from({ length: random.between(1, 4) }, () => random.between(500, lengthMs));
  // Faults that meet nobody show nothing.
  const near = (beforeMs: number, afterMs: number) =>
    Math.max(0, random.pick(moments) + random.between(-beforeMs, afterMs));
  const calls = Array.from({ length: random.between(2, 12) }, () =>
    makeCall(random, settings, near(0, 4000)),
  );
  const faults = Array.from({ length: random.between(0, 9) }, () =>
    makeFault(random, settings, near(300, 5000)),
  );
  const fragment = random.chance(0.3)
    ? makeFragment(random, settings, near(0, 0), { ...makeCall(random, settings, 0), operation: 'create' })
    : [];
  const steps = [...calls, ...retried(random, calls), ...faults, ...fragment, ...beyond(random)];
  return { seed, settings, steps };
}

/** In some worlds the upstream does what the gateway promises nothing about. */
function beyond(random: Random): Step[] {
  const at = random.between(0, lengthMs);
  if (random.chance(0.06))
    return [{ kind: 'exchange', at, exchange: 'POST', fault: 'late', count: random.between(1, 3) }];
  return random.chance(0.04) ? [{ kind: 'list-lag', at, lagMs: random.between(500, 20_000) }] : [];
}

function makeSettings(random: Random): Settings {
  const instances = random.pick([1, 1, 2, 2, 2, 3]);
  return {
    instances,
    redis: random.chance(instances === 1 ? 0.4 : 0.9),
    preflight: random.chance(0.3) ? 'off' : 'enforce',
    auditFile: random.chance(0.8),
    signed: random.chance(0.5),
    fleetRefreshSeconds: random.chance(0.3) ? 30 : 0,
    timeoutMs: random.pick([5000, 10_000, 30_000]),
    limitPerMinute: random.pick([6, 30, 60]),
    maxInFlight: random.pick([4, 256]),
    sharesBlocks: random.chance(0.5),
  };
}

function makeCall(random: Random, { instances }: Settings, at: number): CallerStep {
  const operation = random.pick(
    random.chance(0.7)
      ? (['create'] as const)
      : (['delete', 'delete', 'delete', 'dry-run', 'list', 'wait', 'read-policy', 'fleet'] as const),
  );
  return {
    kind: 'call',
    at,
    operation,
    caller: random.pick(callers),
    instance: random.between(0, instances - 1),
    roams: random.chance(0.5),
    cluster: random.chance(0.8) ? 0 : 1,
    vpc: random.between(0, vpcs.length - 1),
    block: random.pick(blocks),
    key: random.chance(0.6) ? `key-${random.between(1, 3)}` : undefined,
    ownRequestId: random.chance(0.8),
    tries: random.between(1, 4),
    patienceMs: random.chance(0.15) ? random.between(10, 8000) : undefined,
  };
}

/** Some creates are made twice, at about the same time: by an impatient caller, or by two of them. */
function retried(random: Random, calls: readonly CallerStep[]): CallerStep[] {
  return calls
    .filter(({ operation }) => operation === 'create' && random.chance(0.3))
    .map((call) => ({
      ...call,
      at: call.at + (random.chance(0.7) ? random.latency(500, 12_000) : random.between(9000, 20_000)),
      instance: call.instance + random.between(0, 1),
      caller: random.chance(0.8) ? call.caller : random.pick(callers),
    }));
}

function makeFault(random: Random, settings: Settings, at: number): Step {
  const instance = random.between(0, settings.instances - 1);
  const forMs = random.latency(6000, 40_000);
  const part = random.pick([
    'cloud',
    'cloud',
    'process',
    'disk',
    settings.redis ? 'redis' : 'cloud',
    'operator',
  ]);
  switch (part) {
    case 'cloud':
      return cloudFault(random, at, forMs);
    case 'process':
      return random.chance(0.6)
        ? { kind: 'crash', at, instance, power: random.chance(0.5), forMs: random.between(3000, 20_000) }
        : { kind: 'stall', at, instance, forMs: stallMs(random) };
    case 'disk':
      return diskFault(random, { at, instance, forMs }, settings);
    case 'redis':
      return redisFault(random, at, forMs);
    default:
      return operatorStep(random, at, instance);
  }
}

function stallMs(random: Random): number {
  const { least, most } = random.pick(stalls);
  return random.between(least, most);
}

function cloudFault(random: Random, at: number, forMs: number): Step {
  if (random.chance(0.1)) return { kind: 'unreachable', at, forMs };
  if (random.chance(0.1)) return { kind: 'reject', at, vpc: random.between(0, vpcs.length - 1) };
  const exchange = random.pick(['POST', 'POST', 'POST', 'GET', 'DELETE', 'token'] satisfies ExchangeKind[]);
  const fault = random.pick(exchangeFaults.filter((name) => name !== 'late'));
  return { kind: 'exchange', at, exchange, fault, count: random.chance(0.1) ? 12 : random.between(1, 3) };
}

function diskFault(
  random: Random,
  at: { readonly at: number; readonly instance: number; readonly forMs: number },
  { auditFile }: Settings,
): Step {
  const { at: time, instance, forMs } = at;
  if (!auditFile && random.chance(0.5))
    return { kind: 'stdout-blocked', at: time, instance, forMs: Math.min(forMs, 6000) };
  const what = auditFile
    ? random.pick(['fault', 'fault', 'disk-hang', 'disk-full', 'rotate'] as const)
    : 'fault';
  if (what === 'rotate') return { kind: 'rotate', at: time, instance, signals: random.chance(0.7) };
  if (what !== 'fault') return { kind: what, ...at };
  const fault = random.pick(['sync', 'write', 'short-write'] as const);
  return { kind: 'disk', at: time, instance, fault, count: random.between(1, 3) };
}

function redisFault(random: Random, at: number, forMs: number): Step {
  const what = random.pick(['trouble', 'trouble', 'redis-slow', 'redis-replies', 'failover'] as const);
  if (what === 'trouble')
    return { kind: 'redis', at, trouble: random.pick(['down', 'hanging', 'loading', 'readonly']), forMs };
  if (what === 'redis-slow') return { kind: 'redis-slow', at, forMs };
  if (what === 'redis-replies') return { kind: 'redis-replies', at, count: random.between(1, 3) };
  const lostMs = random.chance(0.4) ? random.between(1, 5000) : 0;
  return { kind: 'failover', at, lostMs, breaksLinks: random.chance(0.5) };
}

function operatorStep(random: Random, at: number, instance: number): Step {
  const what = random.pick(['policy', 'policy', 'restart', 'clock'] as const);
  if (what === 'restart') return { kind: 'restart', at, instance };
  if (what === 'clock') return { kind: 'clock', at, instance, byMs: random.between(-3000, 3000) };
  const everywhere = random.chance(0.7);
  // A change is noticed after a second.
  return {
    kind: 'policy',
    at: Math.max(0, at - 1500),
    instance: everywhere ? undefined : instance,
    variant: random.between(0, 4),
  };
}
