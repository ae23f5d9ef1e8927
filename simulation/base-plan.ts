// What the plans that are kept begin with: one gateway and one create. Each plan names only what differs.
import type { CallerStep, Settings } from './plan.ts';

export const settings: Settings = {
  instances: 1,
  redis: false,
  preflight: 'enforce',
  auditFile: true,
  signed: false,
  fleetRefreshSeconds: 0,
  timeoutMs: 5000,
  limitPerMinute: 60,
  maxInFlight: 256,
  sharesBlocks: false,
};

export const create: CallerStep = {
  kind: 'call',
  at: 1000,
  operation: 'create',
  caller: 'svc-a',
  instance: 0,
  roams: false,
  cluster: 0,
  vpc: 0,
  block: '10.20.0.0/24',
  key: undefined,
  ownRequestId: true,
  tries: 1,
  patienceMs: undefined,
};
