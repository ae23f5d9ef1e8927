// What happens in a run, as a list: who calls what and when, and which faults there are. A seed makes one; a shorter list is a
// plan as well, which is how failures shrink.
import type { ExchangeFault, ExchangeKind } from './network.ts';
import type { RedisTrouble } from './redis-server.ts';

/** Of all instances alike. */
export interface Settings {
  readonly instances: number;
  readonly redis: boolean;
  readonly preflight: 'enforce' | 'off';
  /** `false`: audit records go to standard output. */
  readonly auditFile: boolean;
  readonly signed: boolean;
  readonly fleetRefreshSeconds: number;
  readonly timeoutMs: number;
  readonly limitPerMinute: number;
  readonly maxInFlight: number;
  /** The blocks of the clusters overlap. */
  readonly sharesBlocks: boolean;
}

interface At {
  /** Milliseconds since the beginning. */
  readonly at: number;
}

export interface CallerStep extends At {
  readonly kind: 'call';
  readonly operation: 'create' | 'dry-run' | 'delete' | 'list' | 'wait' | 'read-policy' | 'fleet';
  readonly caller: string;
  readonly instance: number;
  /** Each try goes to the next instance. */
  readonly roams: boolean;
  readonly cluster: number;
  readonly vpc: number;
  readonly block: string;
  readonly key: string | undefined;
  readonly ownRequestId: boolean;
  readonly tries: number;
  /** The caller hangs up after so long. */
  readonly patienceMs: number | undefined;
}

export interface ExchangeStep extends At {
  readonly kind: 'exchange';
  readonly exchange: ExchangeKind;
  readonly fault: ExchangeFault;
  readonly count: number;
}

export type Step =
  | CallerStep
  | ExchangeStep
  | (At & { readonly kind: 'unreachable'; readonly forMs: number })
  | (At & { readonly kind: 'list-lag'; readonly lagMs: number })
  | (At & { readonly kind: 'reject'; readonly vpc: number })
  | (At & {
      readonly kind: 'crash';
      readonly instance: number;
      readonly power: boolean;
      readonly forMs: number;
    })
  | (At & { readonly kind: 'restart'; readonly instance: number })
  | (At & { readonly kind: 'stall'; readonly instance: number; readonly forMs: number })
  | (At & { readonly kind: 'clock'; readonly instance: number; readonly byMs: number })
  | (At & { readonly kind: 'policy'; readonly instance: number | undefined; readonly variant: number })
  | (At & { readonly kind: 'rotate'; readonly instance: number; readonly signals: boolean })
  | (At & { readonly kind: 'redis'; readonly trouble: RedisTrouble; readonly forMs: number })
  | (At & { readonly kind: 'redis-slow'; readonly forMs: number })
  | (At & { readonly kind: 'redis-replies'; readonly count: number })
  | (At & { readonly kind: 'failover'; readonly lostMs: number; readonly breaksLinks: boolean })
  | (At & {
      readonly kind: 'disk';
      readonly instance: number;
      readonly fault: DiskFault;
      readonly count: number;
    })
  | (At & { readonly kind: 'disk-hang'; readonly instance: number; readonly forMs: number })
  | (At & { readonly kind: 'disk-full'; readonly instance: number; readonly forMs: number })
  | (At & { readonly kind: 'stdout-blocked'; readonly instance: number; readonly forMs: number });

export type DiskFault = 'sync' | 'write' | 'short-write';

export interface Plan {
  readonly seed: string;
  readonly settings: Settings;
  /** In any order. */
  readonly steps: readonly Step[];
}

/** When the last of it has happened. */
export const endOf = ({ steps }: Plan): number =>
  Math.max(0, ...steps.map((step) => step.at + durationOf(step)));

const durationOf = (step: Step): number => ('forMs' in step ? step.forMs : 0);

export const describePlan = ({ seed, settings, steps }: Plan): string =>
  [
    `seed ${seed}`,
    JSON.stringify(settings),
    ...steps.toSorted((one, other) => one.at - other.at).map((step) => JSON.stringify(step)),
  ].join('\n');
