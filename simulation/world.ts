// A world: machines with gateways, their callers, Aerospike Cloud and Redis, and what is known about all of them. Carries out the
// steps of a plan.
import type { AuditRecord } from './audit-reader.ts';
import { type Attempt, Callers } from './caller.ts';
import { Cloud } from './cloud.ts';
import { Coverage } from './coverage.ts';
import { Machine, policyPath } from './machine.ts';
import { Network } from './network.ts';
import type { Plan, Settings, Step } from './plan.ts';
import { policyText, variants, versionOf } from './policies.ts';
import { Random } from './random.ts';
import { RedisServer } from './redis-server.ts';
import { Schedule } from './schedule.ts';
import { takeStep } from './take-step.ts';

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
  readonly at: number;
}

/** What checks are told of, as it happens. */
export interface Checks {
  sent(
    attempt: Attempt | undefined,
    request: { method: string; requestId: string; path: string; body: string },
  ): void;
  arrived(attempt: Attempt): void;
  answered(attempt: Attempt): void;
  recorded(machine: Machine, record: AuditRecord): void;
}

/** The same in all worlds. */
const clusterIds: readonly string[] = [
  '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11',
  '0d9e6a52-71c5-4a4e-8f0c-3c1f1f3a2b10',
];

export class World {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly schedule: Schedule;
  readonly cloud: Cloud;
  readonly network: Network;
  readonly redis: RedisServer | undefined;
  readonly machines: readonly Machine[];
  readonly callers: Callers;
  readonly coverage = new Coverage();
  readonly attempts: Attempt[] = [];
  readonly violations: Violation[] = [];
  readonly clusterIds = clusterIds;
  checks: Checks | undefined;
  /** When an instance last stalled, or was about to go on. */
  lastStallAt = Number.NEGATIVE_INFINITY;
  /** The upstream lists peerings late. */
  listsLate = false;
  /** It carries out what nobody waits for any more. */
  actsLate = false;
  #versions: readonly string[] | undefined;
  readonly #byRequestId = new Map<string, Attempt>();

  constructor(plan: Plan) {
    const random = new Random(`${plan.seed}/world`);
    const { settings } = plan;
    this.plan = plan;
    this.settings = settings;
    this.schedule = new Schedule(random.fork('schedule'));
    const second = settings.sharesBlocks ? '10.128.0.0/19' : '10.128.32.0/19';
    const blocksOfClusters = ['10.128.0.0/19', second];
    const clusters = blocksOfClusters.map((cidrBlock, number) => ({
      id: clusterIds[number] as string,
      cidrBlock,
    }));
    this.cloud = new Cloud(this.schedule, random.fork('cloud'), clusters);
    this.network = new Network(this.schedule, random.fork('network'), this.cloud, {
      sent: (_owner, request) => this.#sent(request),
      arrived: (_owner, request, answer) => this.#arrived(request, answer.status),
      happened: (fault) => this.count(`exchange ${fault}`),
    });
    this.network.timeoutMs = settings.timeoutMs;
    this.redis = settings.redis ? new RedisServer(this.schedule, random.fork('redis')) : undefined;
    this.machines = Array.from({ length: settings.instances }, (_, number) =>
      this.#machine(random, number + 1),
    );
    this.callers = new Callers({
      schedule: this.schedule,
      random: random.fork('callers'),
      machines: this.machines,
      clusterIds: this.clusterIds,
      knownPeerings: (clusterId) => this.cloud.listed(clusterId).map(({ id }) => id),
      received: (attempt) => {
        this.attempts.push(attempt);
        this.#byRequestId.set(attempt.requestId, attempt);
      },
      answered: (attempt) => this.checks?.answered(attempt),
      count: (name) => this.count(name),
    });
  }

  /** Begins: every instance starts, and each step happens at its time. */
  begin(): void {
    for (const machine of this.machines) {
      machine.disk.put(policyPath, policyText(0, this.clusterIds));
      machine.start();
    }
    for (const step of this.plan.steps)
      this.schedule.later(undefined, step.at, `step ${step.kind}`, () => this.take(step));
  }

  violated(invariant: string, detail: string): void {
    this.schedule.note(`VIOLATED ${invariant}: ${detail}`);
    this.violations.push({ invariant, detail, at: this.schedule.now });
  }

  count(name: string): void {
    this.coverage.add(name);
  }

  attemptOf(requestId: string): Attempt | undefined {
    return this.#byRequestId.get(requestId);
  }

  /** Which policy of this world has this version; -1: none. */
  variantOf(version: string): number {
    this.#versions ??= variants.map((_, number) => versionOf(policyText(number, this.clusterIds)));
    return this.#versions.indexOf(version);
  }

  /** Everything that was broken works again. */
  heal(): void {
    this.changePolicy(0, undefined);
    this.network.heal();
    this.redis?.suffer(undefined);
    this.redis?.loseReplies(0);
    for (const { disk, stdout } of this.machines) {
      Object.assign(disk, { hangsUntil: 0, isFull: false, syncsToFail: 0, writesToFail: 0, writesToCut: 0 });
      Object.assign(stdout, { blockedUntil: 0, writesToCut: 0, writesToFail: 0 });
    }
  }

  take(step: Step): void {
    this.count(`step ${step.kind}`);
    takeStep(this, step);
  }

  machine(number: number): Machine {
    return this.machines[number % this.machines.length] as Machine;
  }

  #machine(random: Random, number: number): Machine {
    return new Machine({
      name: `gateway-${number}`,
      settings: this.settings,
      schedule: this.schedule,
      random: random.fork(`gateway-${number}`),
      world: { network: this.network, redis: this.redis },
      recorded: (machine, record) => {
        this.count(`recorded ${record.code}`);
        this.checks?.recorded(machine, record);
      },
      logged: (level, message) => this.schedule.note(`log ${level} ${message}`),
      violated: (invariant, detail) => this.violated(invariant, detail),
    });
  }

  crash(machine: Machine, power: boolean, forMs: number): void {
    const process = machine.run?.process;
    if (process === undefined || process.isDead) return;
    machine.crash(power);
    this.callers.lost(process);
    this.#startAgain(machine, forMs);
  }

  restart(machine: Machine): void {
    const process = machine.run?.process;
    machine.stop(() => {
      if (process !== undefined) this.callers.lost(process);
      this.#startAgain(machine, 500);
    });
  }

  /** On one machine, or on all. */
  changePolicy(variant: number, instance: number | undefined): void {
    for (const [index, { disk }] of this.machines.entries())
      if (instance === undefined || instance === index)
        disk.put(policyPath, policyText(variant, this.clusterIds));
  }

  afterwards(delayMs: number, label: string, act: () => void): void {
    this.schedule.later(undefined, delayMs, label, act);
  }

  #startAgain(machine: Machine, afterMs: number): void {
    this.afterwards(afterMs, `${machine.name} is started`, () => {
      if (machine.run?.process.isDead) machine.start();
    });
  }

  #sent(request: { method: string; requestId: string; path: string; body: string }): void {
    if (request.method === 'GET') return;
    const attempt = this.#byRequestId.get(request.requestId);
    attempt?.sentAt.push(this.schedule.now);
    this.checks?.sent(attempt, request);
  }

  #arrived({ method, requestId }: { method: string; requestId: string }, status: number): void {
    const attempt = this.#byRequestId.get(requestId);
    if (attempt === undefined || method === 'GET') return;
    attempt.arrivedAt.push(this.schedule.now);
    if (status === 401) attempt.refusedTokens += 1;
    attempt.isOrphaned = attempt.process.isDead;
    attempt.isExecuted = this.cloud.done.has(requestId);
    this.checks?.arrived(attempt);
  }
}
