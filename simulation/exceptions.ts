// What is not promised: for each documented exception a world that shows it. The documentation says what to do about each, in
// docs/reliability.md.
import { create, settings } from './base-plan.ts';
import type { CallerStep, Plan, Settings, Step } from './plan.ts';

export interface Exception {
  /** Its heading in the documentation. */
  readonly name: string;
  readonly plan: Plan;
  /** What the run counts when it has happened. */
  readonly shows: string;
}

const keyed: CallerStep = { ...create, key: 'key-1' };

const planOf = (seed: string, changed: Partial<Settings>, steps: readonly Step[]): Plan => ({
  seed,
  settings: { ...settings, ...changed },
  steps,
});

export const exceptions: readonly Exception[] = [
  {
    name: 'A store that loses what it acknowledged',
    shows: 'twice with one key: the store lost what it had acknowledged',
    plan: planOf('lost-key', { redis: true, preflight: 'off' }, [
      keyed,
      { kind: 'failover', at: 9000, lostMs: 8900, breaksLinks: true },
      { ...keyed, at: 12_000 },
    ]),
  },
  {
    name: 'A store that is down',
    shows: 'overlap: the store did not work',
    plan: planOf('no-store', { redis: true, instances: 2 }, [
      { kind: 'redis', at: 900, trouble: 'down', forMs: 10_000 },
      { ...create, at: 2000 },
      { ...create, at: 2000, instance: 1, vpc: 1 },
    ]),
  },
  {
    name: 'Several gateways without a store',
    shows: 'overlap: two instances without a store',
    plan: planOf('two-gateways', { instances: 2 }, [create, { ...create, instance: 1, vpc: 1 }]),
  },
  {
    name: 'Keys in memory',
    shows: 'twice with one key: keys in memory',
    plan: planOf('keys-in-memory', { preflight: 'off' }, [
      keyed,
      { kind: 'restart', at: 5000, instance: 0 },
      { ...keyed, at: 9000 },
    ]),
  },
  {
    name: 'An instance that stalls for longer than its lock',
    shows: 'overlap: an instance stalled for longer than its lock',
    plan: planOf('stalled-lock', { redis: true, instances: 2, timeoutMs: 30_000 }, [
      create,
      { kind: 'stall', at: 1150, instance: 0, forMs: 25_000 },
      { ...create, at: 18_000, instance: 1, vpc: 1 },
    ]),
  },
  {
    name: 'An upstream that lists late',
    shows: 'overlap: the upstream lists late',
    plan: planOf('lists-late', {}, [
      { kind: 'list-lag', at: 0, lagMs: 10_000 },
      create,
      { ...create, at: 6000, vpc: 1 },
    ]),
  },
  {
    name: 'An upstream that acts late',
    shows: 'twice with one key: the upstream acts late',
    plan: planOf('acts-late', { preflight: 'off' }, [
      { kind: 'exchange', at: 0, exchange: 'POST', fault: 'late', count: 1 },
      { ...keyed, tries: 3 },
    ]),
  },
  {
    name: 'Audit records on standard output',
    shows: 'intent left open by a crash',
    plan: planOf('printed-audit', { auditFile: false }, [
      { kind: 'exchange', at: 0, exchange: 'POST', fault: 'lost-answer', count: 1 },
      create,
      { kind: 'crash', at: 5000, instance: 0, power: false, forMs: 3000 },
    ]),
  },
  {
    name: 'The peering of another gateway',
    shows: 'reconciled by the peering of another gateway',
    plan: planOf('another-gateway', { instances: 2, preflight: 'off' }, [
      { kind: 'exchange', at: 0, exchange: 'POST', fault: 'reset-before', count: 1 },
      create,
      { ...create, at: 3500, instance: 1 },
    ]),
  },
  {
    name: 'A create on its way when its gateway dies',
    shows: 'recorded as absent, and came later',
    plan: planOf('orphan', { timeoutMs: 30_000 }, [
      { kind: 'exchange', at: 0, exchange: 'POST', fault: 'late', count: 1 },
      create,
      { kind: 'crash', at: 5000, instance: 0, power: false, forMs: 3000 },
      { ...create, at: 30_000, operation: 'list' },
    ]),
  },
  {
    name: 'The peering of an earlier run',
    shows: 'reconciled by the peering of an earlier run',
    plan: planOf('earlier-run', { auditFile: false, preflight: 'off' }, [
      create,
      { kind: 'crash', at: 5000, instance: 0, power: false, forMs: 3000 },
      { kind: 'exchange', at: 9000, exchange: 'POST', fault: 'lost-request', count: 1 },
      { ...create, at: 10_000 },
    ]),
  },
  {
    name: 'A crash beside a failed sync',
    shows: 'recorded behind a loss that the system hides',
    plan: planOf('hidden-loss', {}, [
      { kind: 'disk', at: 900, instance: 0, fault: 'sync', count: 1 },
      create,
      { kind: 'crash', at: 1140, instance: 0, power: false, forMs: 3000 },
      { ...create, at: 10_000, vpc: 1, block: '10.20.4.0/24' },
    ]),
  },
  {
    name: 'A file that is rotated around a crash',
    shows: 'torn line in a file rotated meanwhile',
    plan: planOf('rotated-1', {}, [
      { ...create, block: '10.99.0.0/24' },
      { kind: 'crash', at: 1002, instance: 0, power: false, forMs: 5000 },
      { kind: 'rotate', at: 3000, instance: 0, signals: false },
    ]),
  },
];
