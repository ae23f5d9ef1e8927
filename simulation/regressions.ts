// The bugs that the simulation found, each with the plan that showed it: its seed, made as small as it could be made.
import { settings as baseSettings, create } from './base-plan.ts';
import type { CallerStep, Plan, Settings } from './plan.ts';

export interface Regression {
  /** The seed that found it, in the form of the plans of that time; a name if none did. */
  readonly seed: string;
  readonly found: string;
  readonly plan: Plan;
}

const settings: Settings = { ...baseSettings, timeoutMs: 30_000 };
const call: CallerStep = { ...create, vpc: 2, block: '10.20.8.0/24' };

export const regressions: readonly Regression[] = [
  {
    seed: '30',
    found:
      'A policy whose record could not be written at once was recorded later, but not in force: requests were decided by the former one.',
    plan: {
      seed: '69',
      settings: { ...settings, limitPerMinute: 30, maxInFlight: 4 },
      steps: [
        { ...call, at: 5504, caller: 'svc-c', vpc: 1 },
        { ...call, at: 4236, caller: 'svc-b', block: '10.30.1.0/24' },
        {
          ...call,
          at: 35298,
          operation: 'delete',
          vpc: 3,
          block: '10.30.1.0/24',
          ownRequestId: false,
          tries: 2,
        },
        { kind: 'disk', at: 34937, instance: 0, fault: 'write', count: 2 },
        { kind: 'policy', at: 34373, variant: 4, instance: undefined },
      ],
    },
  },
  {
    seed: '498',
    found:
      'A create that was not carried out was recorded as carried out, by the peering of one that was left open while the first waited for the cluster lock.',
    plan: {
      seed: '172',
      settings: { ...settings },
      steps: [
        { ...call, at: 6097, caller: 'svc-b', instance: 2, vpc: 0, block: '10.30.0.0/24', tries: 2 },
        { ...call, at: 7506, caller: 'svc-c', instance: 2, vpc: 1, tries: 2 },
        { kind: 'exchange', at: 4110, exchange: 'POST', fault: 'unavailable', count: 3 },
        { kind: 'exchange', at: 6442, exchange: 'POST', fault: 'lost-answer', count: 1 },
      ],
    },
  },
  {
    seed: 'stall',
    found:
      'A create waited for a connection after its lease had been checked; it was sent when another instance had carried out the same create.',
    plan: {
      seed: 'stall',
      settings: { ...settings, redis: true, preflight: 'off', instances: 2 },
      steps: [
        { ...call, at: 1000, vpc: 0, block: '10.20.0.0/24', key: 'key-1' },
        { kind: 'stall', at: 2096, instance: 0, forMs: 15_000 },
        { ...call, at: 13_500, vpc: 0, block: '10.20.0.0/24', key: 'key-1', instance: 1 },
      ],
    },
  },
  {
    seed: '319',
    found:
      'A create that was carried out was recorded as absent, since another instance had credited its peering to a create with the same values.',
    plan: {
      seed: '319',
      settings: { ...settings, redis: true, instances: 2, maxInFlight: 4 },
      steps: [
        { kind: 'exchange', at: 13994, exchange: 'POST', fault: 'reset-before', count: 2 },
        { ...call, at: 16138, caller: 'svc-c', roams: true, block: '10.30.0.0/24', tries: 3 },
        { kind: 'exchange', at: 18712, exchange: 'POST', fault: 'cut-answer', count: 1 },
      ],
    },
  },
  {
    seed: '8302',
    found:
      'A create was recorded as carried out by a peering that an earlier run had made, although its own was listed beside it.',
    plan: {
      seed: '8302',
      settings: { ...settings, preflight: 'off', auditFile: false, maxInFlight: 4 },
      steps: [
        { ...call, at: 35_262, caller: 'svc-b', vpc: 1, block: '10.20.0.0/24' },
        { kind: 'crash', at: 36_370, instance: 0, power: true, forMs: 3451 },
        { kind: 'exchange', at: 38_855, exchange: 'POST', fault: 'lost-answer', count: 1 },
        { ...call, at: 49_607, caller: 'svc-b', vpc: 1, block: '10.20.0.0/24' },
      ],
    },
  },
  {
    seed: '37463',
    found:
      'The outcome of a create was in a file that was rotated after a crash; the next gateway read it there, and nobody ever synced it.',
    plan: {
      seed: '37463',
      settings: { ...settings, signed: true, limitPerMinute: 6 },
      steps: [
        { kind: 'exchange', at: 6391, exchange: 'POST', fault: 'reset-after', count: 1 },
        { ...call, at: 6487, caller: 'svc-c', vpc: 3, block: '10.20.4.0/24', key: 'key-2', tries: 2 },
        { ...call, at: 6668, vpc: 3 },
        { ...call, at: 7107, caller: 'svc-c', vpc: 3, block: '10.40.0.0/24' },
        { ...call, at: 7547, caller: 'svc-b' },
        { ...call, at: 7614, caller: 'svc-c', block: '10.30.1.0/24', key: 'key-2', ownRequestId: false },
        { ...call, at: 12_701, vpc: 1, block: '10.20.0.0/24' },
        { kind: 'crash', at: 12_771, instance: 0, power: false, forMs: 3000 },
        { kind: 'rotate', at: 12_910, instance: 0, signals: true },
      ],
    },
  },
  {
    seed: '50130',
    found:
      'A create was sent again with its key, since another instance had credited its peering to a create with the same values.',
    plan: {
      seed: '50130',
      settings: {
        ...settings,
        redis: true,
        preflight: 'off',
        instances: 3,
        fleetRefreshSeconds: 30,
        limitPerMinute: 30,
      },
      steps: [
        { kind: 'exchange', at: 2205, exchange: 'POST', fault: 'reset-before', count: 15 },
        { ...call, at: 2206, instance: 2, vpc: 3, block: '10.20.0.0/24', tries: 3 },
        { ...call, at: 2340, instance: 2, vpc: 3, block: '10.20.0.0/24', tries: 3, patienceMs: 6219 },
        { ...call, at: 2343, instance: 2, vpc: 3, block: '10.20.0.0/24', tries: 3, patienceMs: 6219 },
        { ...call, at: 2985, caller: 'svc-b', instance: 2, vpc: 0, block: '10.30.0.0/24' },
        { ...call, at: 3199, caller: 'svc-b', roams: true, vpc: 1, block: '10.20.0.0/24', tries: 2 },
        { ...call, at: 3633, caller: 'svc-b', instance: 1, vpc: 0, block: '10.40.0.0/24' },
        { ...call, at: 3680, operation: 'read-policy', caller: 'svc-b', vpc: 0, block: '10.20.4.0/24' },
        { ...call, at: 4234, instance: 2, vpc: 1, block: '10.30.0.0/24', tries: 2 },
        { ...call, at: 4299, instance: 3, vpc: 1, block: '10.30.0.0/24', tries: 2 },
        { kind: 'exchange', at: 4706, exchange: 'POST', fault: 'error-after', count: 1 },
        { ...call, at: 5245, instance: 2, cluster: 1, vpc: 0, block: '10.20.0.0/22' },
        { ...call, at: 5378, caller: 'svc-c', vpc: 0, block: '10.30.0.0/24', key: 'key-1', tries: 2 },
      ],
    },
  },
  {
    seed: 'taken-here',
    found:
      'A create was sent again with its key by the instance that had credited its peering to a create with the same values.',
    plan: {
      seed: '1',
      settings: { ...settings, redis: true, preflight: 'off', instances: 2, fleetRefreshSeconds: 30 },
      steps: [
        { kind: 'exchange', at: 2000, exchange: 'POST', fault: 'reset-before', count: 1 },
        { ...call, at: 2001 },
        { kind: 'exchange', at: 2699, exchange: 'POST', fault: 'error-after', count: 1 },
        { ...call, at: 2700, instance: 1, key: 'key-1', tries: 2, roams: true },
      ],
    },
  },
  {
    seed: '93364',
    found:
      'A create was recorded as absent, since another instance had credited its peering to a create with the same values while it was on its way.',
    plan: {
      seed: '93364',
      settings: { ...settings, redis: true, preflight: 'off', auditFile: false, instances: 2 },
      steps: [
        { kind: 'exchange', at: 17_656, exchange: 'POST', fault: 'error-before', count: 2 },
        { ...call, at: 18_190, caller: 'svc-c', roams: true, vpc: 1, block: '10.30.0.0/24', tries: 3 },
        { kind: 'exchange', at: 19_334, exchange: 'POST', fault: 'lost-answer', count: 1 },
      ],
    },
  },
];
