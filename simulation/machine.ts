// A machine that runs one instance of the gateway: its disk and clock stay, its processes come and go. The gateway is the real
// one, from `startGateway` down.

import { withTimeout } from '../src/async/with-timeout.ts';
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { loadConfig } from '../src/config/load.ts';
import { type RunningGateway, startGateway } from '../src/gateway.ts';
import { LineWriter } from '../src/logging/line-writer.ts';
import { AuditReader, type AuditRecord } from './audit-reader.ts';
import { issuer, secretMark } from './caller-token.ts';
import { Disk, epoch } from './disk.ts';
import { loadPolicy } from './load-policy.ts';
import { tokenOrigin } from './network.ts';
import type { Settings } from './plan.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import { privateKeyText } from './signing-key.ts';
import { inProcess, type SimulatedProcess } from './simulated-process.ts';
import { StandardOutput } from './standard-output.ts';
import type { Surroundings } from './surroundings.ts';

export const auditPath = '/logs/audit.log';
export const policyPath = '/etc/peergate/policy.json';
const keyPath = '/etc/peergate/key.json';

/** `serve` waits for the last lines of standard output for so long. */
const lastLinesMs = 2000;

/** From the moment that a record is durable until its writer knows it, on a disk that works. */
const knownWithinMs = 500;

export interface MachineParts {
  readonly name: string;
  readonly settings: Settings;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly world: Pick<Surroundings, 'network' | 'redis'>;
  /** A record of this machine is safe. */
  readonly recorded: (machine: Machine, record: AuditRecord) => void;
  readonly logged: (level: string, message: string) => void;
  readonly violated: (invariant: string, detail: string) => void;
}

/** A policy, from its record on. */
interface PolicyInForce {
  readonly version: string;
  readonly at: number;
  /** By then the gateway knows that its record is durable. */
  readonly knownBy: number;
}

/** One run of the gateway. */
export interface Run {
  readonly process: SimulatedProcess;
  readonly writer: LineWriter;
  /** The version of the policy that the start read, and of those that it took up, each with its time. */
  readonly policies: PolicyInForce[];
  gateway: RunningGateway | undefined;
  isStopping: boolean;
  /** Its stop had to abort requests. */
  wasAborted: boolean;
}

export class Machine {
  readonly name: string;
  readonly disk: Disk;
  readonly audit: AuditReader;
  readonly stdout: StandardOutput;
  readonly #parts: MachineParts;
  readonly #config: Config;
  /** Its clock against that of the world, in milliseconds. */
  clockOffset = 0;
  run: Run | undefined;
  runs = 0;
  #rotations = 0;
  /** The file was renamed, and no gateway was there to finish its last line: a line that a crash tore stays in it. */
  wasRotatedDown = false;

  constructor(parts: MachineParts) {
    const { name, schedule, random, recorded, violated } = parts;
    this.#parts = parts;
    this.name = name;
    this.audit = new AuditReader((record) => recorded(this, record));
    this.disk = new Disk(schedule, random.fork('disk'), {
      synced: (path, content) => {
        if (path.startsWith(auditPath) && !path.includes('.torn-')) this.audit.synced(content);
      },
      misused: (what) => violated('disk-used-well', what),
    });
    this.stdout = new StandardOutput(schedule, random.fork('stdout'), (line) => this.audit.printed(line));
    this.clockOffset = random.between(-2000, 2000);
    this.disk.put(keyPath, privateKeyText);
    this.disk.put('/logs/other.log', '');
    this.#config = configOf(parts.settings);
  }

  get front() {
    const { run } = this;
    return run === undefined || run.process.isDead ? undefined : run.process.surroundings.front;
  }

  isServing(): boolean {
    return this.front?.isOpen ?? false;
  }

  /** Starts the gateway; again, if that fails, as a supervisor does. */
  start(): void {
    const { schedule, random, world } = this.#parts;
    this.runs += 1;
    const name = `${this.name}.${this.runs}`;
    const process: SimulatedProcess = {
      name,
      schedule,
      random: random.fork(name),
      surroundings: { ...world, disk: this.disk, stdout: this.stdout, front: undefined },
      isDead: false,
      stalledUntil: 0,
      wallOffset: epoch + this.clockOffset,
      startedAt: schedule.now,
    };
    const writer = inProcess(process, () => new LineWriter(1));
    const run: Run = {
      process,
      writer,
      policies: [],
      gateway: undefined,
      isStopping: false,
      wasAborted: false,
    };
    this.run = run;
    schedule.later(
      process,
      1,
      'starts',
      () => void this.#startIn(run).catch((error) => this.#failed(run, error)),
    );
  }

  /** `power`: the machine itself goes down. */
  crash(power: boolean): void {
    const process = this.run?.process;
    if (process === undefined || process.isDead) return;
    process.isDead = true;
    this.wasRotatedDown ||= this.disk.holdsRenamed(process);
    this.disk.loseProcess(process, power);
    this.stdout.loseProcess();
    if (power) this.disk.losePower();
  }

  /** An orderly stop. Calls back when the process has ended. `isWell`: nothing is broken, so nothing may be left. */
  stop(ended: () => void, isWell = false): void {
    const { run } = this;
    const { schedule } = this.#parts;
    if (run?.gateway === undefined || run.process.isDead || run.isStopping) return;
    run.isStopping = true;
    const { process, gateway, writer } = run;
    schedule.later(process, 0, 'stops', () => {
      const stopped = gateway.stop().then(() => withTimeout(lastLinesMs, writer.drained()));
      void stopped.then(() => {
        schedule.later(process, 0, 'stopped', () => {
          if (isWell) this.#requireNothingHeld(run);
          process.isDead = true;
          this.disk.loseProcess(process);
          this.stdout.loseProcess();
          ended();
        });
      });
    });
  }

  /** The record that says so is durable. A disk or a process that hangs says so later. */
  tookUpPolicy(version: string): void {
    const { run } = this;
    const { now } = this.#parts.schedule;
    if (run === undefined) return;
    const knownBy = Math.max(now, this.disk.hangsUntil, run.process.stalledUntil) + knownWithinMs;
    run.policies.push({ version, at: now, knownBy });
  }

  setClock(byMs: number): void {
    this.clockOffset += byMs;
    if (this.run !== undefined) this.run.process.wallOffset += byMs;
  }

  stall(forMs: number): void {
    if (this.run !== undefined) this.run.process.stalledUntil = this.#parts.schedule.now + forMs;
  }

  /** As a log rotation does; `signals`: it asks the gateway to go on in a new file. */
  rotate(signals: boolean): void {
    this.#rotations += 1;
    this.wasRotatedDown ||= this.run?.process.isDead ?? true;
    this.disk.rename(auditPath, `${auditPath}.${this.#rotations}`);
    const { run } = this;
    if (signals && run?.gateway !== undefined && !run.process.isDead)
      inProcess(run.process, () => void run.gateway?.reopenAudit());
  }

  async #startIn(run: Run): Promise<void> {
    const config = this.#config;
    const policySettings = { preflight: config.preflight, fleetRefreshMs: config.fleetRefreshMs };
    const settings = {
      ...policySettings,
      issuers: config.auth.issuers,
      sharesState: config.state.redis !== undefined,
    };
    const read = loadPolicy({ policyFile: policyPath, testsFile: undefined, settings, now: Date.now() });
    if (read.faults !== undefined) throw new Error('the policy has a fault');
    run.policies.push({ version: read.data.version, at: this.#parts.schedule.now, knownBy: 0 });
    run.gateway = await startGateway(config, {
      clock: systemClock,
      logger: this.#logger(run) as never,
      reporter: { version: '0', instance: this.name },
      sink: run.writer,
      logFiles: this.disk.callsOf(run.process),
      policy: { data: read.data, files: read.files },
    });
  }

  #failed(run: Run, error: Error): void {
    const { schedule, logged } = this.#parts;
    logged('fatal', `${run.process.name} could not start: ${error.message}`);
    if (run.process.isDead) return;
    run.process.isDead = true;
    this.disk.loseProcess(run.process);
    schedule.later(undefined, 1000, `${this.name} is started again`, () => this.start());
  }

  #logger(run: Run): object {
    const { logged, settings } = this.#parts;
    const write = (level: string) => (first: unknown, message?: string) => {
      const fields = typeof first === 'object' && first !== null ? (first as { err?: Error }) : {};
      const cause = fields.err === undefined ? '' : `: ${fields.err.message}`;
      const text = `${message ?? String(first)}${cause}`;
      logged(level, text);
      if (text.startsWith('aborting requests')) run.wasAborted = true;
      // As in production, log lines share standard output with audit records.
      if (!settings.auditFile) run.writer.log(`${JSON.stringify({ level, msg: text })}\n`);
    };
    const logger = {
      child: () => logger,
      ...Object.fromEntries(
        ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, write(level)]),
      ),
    };
    return logger;
  }

  #requireNothingHeld({ process, wasAborted }: Run): void {
    const { schedule, violated } = this.#parts;
    if (wasAborted) violated('nothing-held', 'a stop waited for requests although nobody asked anything');
    const timers = schedule
      .pendingOf(process)
      .filter(({ isHolding, label }) => isHolding && label === 'timer');
    if (timers.length > 0)
      violated(
        'nothing-held',
        `a stopped gateway still waits for: ${timers.map(({ label }) => label).join(', ')}`,
      );
    const files = this.disk.openFilesOf(process);
    if (files.length > 0) violated('nothing-held', `a stopped gateway has files open: ${files.join(', ')}`);
  }
}

const configs = new Map<string, Config>();

/** Reading settings takes long, and many worlds have the same. */
function configOf(settings: Settings): Config {
  const key = JSON.stringify(settings);
  const config = configs.get(key) ?? readConfig(settings);
  configs.set(key, config);
  return config;
}

function readConfig(settings: Settings): Config {
  const loaded = loadConfig({
    AUTH_ISSUERS: issuer,
    AUTH_AUDIENCE: 'peergate',
    AEROSPIKE_API_URL: 'https://cloud.example/v1',
    AEROSPIKE_TOKEN_URL: `${tokenOrigin}/token`,
    AEROSPIKE_CLIENT_ID: 'client',
    AEROSPIKE_CLIENT_SECRET: `${secretMark}client`,
    UPSTREAM_TIMEOUT_MS: String(settings.timeoutMs),
    POLICY_FILE: policyPath,
    PREFLIGHT: settings.preflight,
    FLEET_REFRESH_SECONDS: String(settings.fleetRefreshSeconds),
    AUDIT_FILE: settings.auditFile ? auditPath : undefined,
    AUDIT_SIGNING_KEY_FILE: settings.signed ? keyPath : undefined,
    RATE_LIMIT_PER_MINUTE: String(settings.limitPerMinute),
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    MAX_IN_FLIGHT: String(settings.maxInFlight),
    REDIS_URL: settings.redis ? `redis://:${secretMark}redis@127.0.0.1:6379` : undefined,
  });
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}
