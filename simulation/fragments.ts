// Short courses of events that are rare by chance, and in which much can go wrong: a plan may hold one of them.
import type { CallerStep, Settings, Step } from './plan.ts';
import type { Random } from './random.ts';

type Fragment = (random: Random, settings: Settings, at: number, call: CallerStep) => readonly Step[];

/** A holder of a lease stalls before it sends, and the same create comes to another instance when the lease has ended. */
const lostLease: Fragment = (random, _settings, at, call) => {
  const create: CallerStep = { ...call, caller: 'svc-a', block: '10.20.0.0/24', key: 'key-1', roams: false };
  return [
    { kind: 'exchange', at: at - 1, exchange: 'POST', fault: 'slow-connection', count: 1 },
    { ...create, at, instance: 0 },
    { kind: 'stall', at: at + random.between(20, 1500), instance: 0, forMs: random.between(11_000, 20_000) },
    { ...create, at: at + random.between(10_500, 14_000), instance: 1 },
  ];
};

/** Redis fails over between two uses of a key, without the writes of the last moment. */
const lostKey: Fragment = (random, _settings, at, call) => [
  { ...call, at, key: 'key-1' },
  {
    kind: 'failover',
    at: at + random.between(50, 2000),
    lostMs: random.between(50, 5000),
    breaksLinks: random.chance(0.5),
  },
  { ...call, at: at + random.between(60, 6000), key: 'key-1' },
];

/** Creates for one cluster come to two instances while the store does not work. */
const noStore: Fragment = (random, _settings, at, call) => [
  { kind: 'redis', at: at - 200, trouble: random.pick(['down', 'hanging', 'readonly']), forMs: 6000 },
  { ...call, at, key: undefined, instance: 0 },
  { ...call, at: at + random.between(0, 100), key: undefined, instance: 1 },
];

/** A policy changes while the disk cannot take its record, and creates come in. */
const heldPolicy: Fragment = (random, _settings, at, call) => [
  { kind: 'policy', at, instance: undefined, variant: random.between(1, 4) },
  { kind: 'disk-hang', at: at + random.between(400, 1600), instance: 0, forMs: random.between(500, 6000) },
  { ...call, at: at + random.between(800, 3000), instance: 0, caller: 'svc-a' },
  { ...call, at: at + random.between(800, 6000), instance: 0, caller: 'svc-b' },
];

/** So much fails that circuits open, and a probe may fail as well. */
const storm: Fragment = (random, { preflight }, at, call) => [
  {
    kind: 'exchange',
    at: at - 1,
    exchange: preflight === 'off' ? 'POST' : 'GET',
    fault: random.pick(['error-before', 'reset-before']),
    count: random.between(10, 40),
  },
  ...Array.from({ length: 12 }, (_, number) => ({
    ...call,
    at: at + number * random.between(10, 200),
    caller: 'svc-a',
    key: undefined,
    tries: 3,
  })),
  { ...call, at: at + random.between(6000, 12_000), caller: 'svc-b', tries: 3 },
];

/** A file is rotated and its gateway ends, in either order. */
const rotatedEnd: Fragment = (random, _settings, at, call) => [
  { ...call, at, instance: 0 },
  { kind: 'rotate', at: at + random.between(0, 400), instance: 0, signals: random.chance(0.5) },
  { kind: 'crash', at: at + random.between(0, 400), instance: 0, power: random.chance(0.5), forMs: 3000 },
];

const lostBefore = ['reset-before', 'lost-request', 'error-before'] as const;
const lostAfter = ['reset-after', 'lost-answer', 'error-after', 'cut-answer'] as const;

/**
 * Two creates with the same values lose their answers, at one gateway or at two, and one of them or both were carried out. One or
 * both are repeated with their keys, and the first gateway may end meanwhile.
 */
const contested: Fragment = (random, _settings, at, call) => {
  const laterMs = random.between(0, 3000);
  const first: CallerStep = {
    ...call,
    at,
    instance: 0,
    key: random.chance(0.3) ? 'key-1' : undefined,
    tries: random.pick([1, 1, 2]),
  };
  const second: CallerStep = {
    ...call,
    at: at + laterMs,
    instance: random.chance(0.7) ? 1 : 0,
    roams: random.chance(0.8),
    key: 'key-2',
    tries: random.between(2, 4),
  };
  const crash: Step = {
    kind: 'crash',
    at: at + laterMs + random.between(0, 6000),
    instance: 0,
    power: random.chance(0.5),
    forMs: 3000,
  };
  return [
    { kind: 'exchange', at: at - 1, exchange: 'POST', fault: random.pick(lostBefore), count: 1 },
    first,
    { kind: 'exchange', at: at + laterMs, exchange: 'POST', fault: random.pick(lostAfter), count: 1 },
    second,
    ...(random.chance(0.3) ? [crash] : []),
  ];
};

/** A peering is made, deleted and made again; answers of the delete and of the second create may be lost. */
const madeAgain: Fragment = (random, _settings, at, call) => {
  const deletedAt = at + random.between(500, 8000);
  const lost = [...lostBefore, ...lostAfter];
  return [
    { ...call, at, key: 'key-1' },
    { kind: 'exchange', at: deletedAt - 1, exchange: 'DELETE', fault: random.pick(lost), count: 1 },
    { ...call, at: deletedAt, operation: 'delete', instance: random.between(0, 1), tries: 2 },
    { kind: 'exchange', at: deletedAt + 1, exchange: 'POST', fault: random.pick(lost), count: 1 },
    {
      ...call,
      at: deletedAt + random.between(1, 4000),
      instance: random.between(0, 1),
      roams: true,
      key: random.pick(['key-1', 'key-2', undefined]),
      tries: random.between(2, 4),
    },
  ];
};

const alone: readonly Fragment[] = [heldPolicy, storm, rotatedEnd, contested, madeAgain];
const withStore: readonly Fragment[] = [...alone, lostKey];
const together: readonly Fragment[] = [
  ...withStore,
  noStore,
  lostLease,
  lostLease,
  contested,
  contested,
  contested,
];

export function makeFragment(...[random, settings, at, call]: Parameters<Fragment>): readonly Step[] {
  const possible = settings.instances > 1 ? together : withStore;
  return random.pick(settings.redis ? possible : alone)(random, settings, at, call);
}
