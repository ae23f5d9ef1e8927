// Callers: each makes its request, waits, hangs up when it loses patience, and tries again when the answer says so or does not
// come. Remembers every try for those who check.
import { tokenOf } from './caller-token.ts';
import { CallerConnection, type FrontAnswer } from './front.ts';
import type { Machine } from './machine.ts';
import { vpcs } from './make-plan.ts';
import type { CallerStep } from './plan.ts';
import { account, region } from './policies.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** One try of a caller, and what is known of it. */
export interface Attempt {
  readonly step: CallerStep;
  readonly number: number;
  readonly machine: Machine;
  readonly process: SimulatedProcess;
  /** `X-Request-Id`: the caller's, or the gateway's own. */
  requestId: string;
  gatewayRequestId: string;
  readonly clusterId: string;
  /** Of a delete or a wait. */
  readonly peeringId: string | undefined;
  receivedAt: number;
  answer: FrontAnswer | undefined;
  answeredAt: number | undefined;
  /** Its process is gone, or nobody waits for it. */
  isLost: boolean;
  /** When the request left for Aerospike Cloud, and when it arrived there. */
  readonly sentAt: number[];
  readonly arrivedAt: number[];
  /** So often Aerospike Cloud refused the token that it came with. */
  refusedTokens: number;
  /** Aerospike Cloud did what it says. */
  isExecuted: boolean;
  /** Its process was gone when it arrived. */
  isOrphaned: boolean;
}

export interface CallerWorld {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly machines: readonly Machine[];
  readonly clusterIds: readonly string[];
  /** Ids of peerings that a caller may know. */
  knownPeerings(clusterId: string): readonly string[];
  received(attempt: Attempt): void;
  answered(attempt: Attempt): void;
  count(name: string): void;
}

const operations = {
  create: 'createVPCPeerings',
  'dry-run': 'createVPCPeerings',
  delete: 'deleteVPCPeerings',
  list: 'getVPCPeerings',
  wait: 'getVPCPeering',
  'read-policy': 'getEffectivePolicy',
  fleet: 'getFleet',
} as const;

export class Callers {
  readonly #world: CallerWorld;
  /** Tries that have not ended for their caller. */
  readonly #open = new Set<Attempt>();
  /** Calls with tries to come. */
  waiting = 0;

  constructor(world: CallerWorld) {
    this.#world = world;
  }

  get open(): number {
    return this.#open.size;
  }

  call(step: CallerStep): void {
    this.waiting += 1;
    this.#tryAfter(step, 1, 0);
  }

  /** A process is gone, and its callers' connections with it. */
  lost(process: SimulatedProcess): void {
    for (const attempt of this.#open) if (attempt.process === process) this.#lose(attempt);
  }

  #tryAfter(step: CallerStep, number: number, delayMs: number): void {
    this.#world.schedule.later(undefined, delayMs, `${step.caller} tries ${step.operation} (${number})`, () =>
      this.#try(step, number),
    );
  }

  #try(step: CallerStep, number: number): void {
    const { machines, schedule, random, clusterIds, knownPeerings } = this.#world;
    const machine = machines[(step.instance + (step.roams ? number - 1 : 0)) % machines.length] as Machine;
    const process = machine.run?.process;
    const { front } = machine;
    if (process === undefined || front === undefined || !front.isOpen) {
      this.#again(step, number, 1000);
      return;
    }
    const clusterId = clusterIds[step.cluster] as string;
    const attempt: Attempt = {
      step,
      number,
      machine,
      process,
      requestId: step.ownRequestId ? random.uuid() : '',
      gatewayRequestId: '',
      clusterId,
      peeringId: peeringFor(step, knownPeerings(clusterId), random),
      receivedAt: schedule.now,
      answer: undefined,
      answeredAt: undefined,
      isLost: false,
      sentAt: [],
      arrivedAt: [],
      refusedTokens: 0,
      isExecuted: false,
      isOrphaned: false,
    };
    this.#open.add(attempt);
    const connection = new CallerConnection();
    schedule.later(process, 0, `gets ${step.operation} of ${step.caller}`, () => {
      void front.serve(this.#requestOf(attempt, connection)).then((answer) => {
        schedule.later(
          undefined,
          random.latency(5, 100),
          `${step.caller} gets ${answer.status} ${answer.code ?? ''}`,
          () => this.#answered(attempt, answer),
        );
      });
    });
    if (step.patienceMs === undefined) return;
    const hangUp = schedule.later(process, step.patienceMs, `${step.caller} hangs up`, () => {
      if (!this.#open.has(attempt)) return;
      connection.close();
      this.#lose(attempt);
    });
    hangUp.isHolding = false;
  }

  #requestOf(attempt: Attempt, connection: CallerConnection) {
    const { step, clusterId, peeringId, requestId } = attempt;
    const { operation, caller, key } = step;
    const isCreate = operation === 'create' || operation === 'dry-run';
    const queries = { 'dry-run': 'dryRun=true', wait: 'wait=active&timeoutSeconds=5' } as Record<
      string,
      string
    >;
    return {
      operation: operations[operation],
      params: { clusterId, ...(peeringId === undefined ? {} : { peeringId }) },
      query: queries[operation] ?? '',
      token: tokenOf(caller),
      requestId: step.ownRequestId ? requestId : undefined,
      idempotencyKey: isCreate ? key : undefined,
      body: isCreate ? bodyOf(step) : undefined,
      connection,
      received: (gatewayRequestId: string) => {
        attempt.gatewayRequestId = gatewayRequestId;
        attempt.receivedAt = this.#world.schedule.now;
        if (!step.ownRequestId) attempt.requestId = gatewayRequestId;
        this.#world.received(attempt);
      },
    };
  }

  #answered(attempt: Attempt, answer: FrontAnswer): void {
    const { schedule, count } = this.#world;
    attempt.answer = answer;
    attempt.answeredAt = schedule.now;
    count(
      `answered ${attempt.step.operation} ${answer.status}${answer.code === undefined ? '' : ` ${answer.code}`}`,
    );
    this.#world.answered(attempt);
    if (!this.#open.delete(attempt)) return;
    const { step, number } = attempt;
    const isWorth =
      answer.status >= 500 || answer.status === 429 || answer.code === 'idempotency-key-running';
    if (isWorth) this.#again(step, number, Number(answer.headers['Retry-After'] ?? 0) * 1000);
    else this.waiting -= 1;
  }

  #lose(attempt: Attempt): void {
    attempt.isLost = true;
    this.#open.delete(attempt);
    this.#again(attempt.step, attempt.number, 0);
  }

  #again(step: CallerStep, number: number, delayMs: number): void {
    if (number >= step.tries) this.waiting -= 1;
    else this.#tryAfter(step, number + 1, delayMs + this.#world.random.between(50, 3000));
  }
}

export const bodyOf = ({ vpc, block }: Pick<CallerStep, 'vpc' | 'block'>) => ({
  vpcId: vpcs[vpc] ?? `vpc-0123456789abc${vpc}`,
  cidrBlock: block,
  accountId: account,
  region,
  isSecureConnection: true,
});

function peeringFor({ operation }: CallerStep, known: readonly string[], random: Random): string | undefined {
  if (operation !== 'delete' && operation !== 'wait') return undefined;
  return known.length === 0 ? (vpcs[0] as string) : random.pick(known);
}
