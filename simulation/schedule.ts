// Everything that will happen in a simulated world: timers, disk operations, replies, actions. It happens one at a time, in an
// order that only the seed decides. Between two events all promises settle.
import { hash } from 'node:crypto';
import type { Random } from './random.ts';
import { inProcess, type SimulatedProcess } from './simulated-process.ts';

export interface Pending {
  readonly at: number;
  readonly tie: number;
  readonly owner: SimulatedProcess | undefined;
  readonly label: string;
  readonly act: () => void;
  /** Keeps a real process alive. */
  isHolding: boolean;
  cancelled: boolean;
}

/** The real ones: this module is loaded before the simulated time replaces them. */
const nextTurn = globalThis.setImmediate;

const settled = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

/** What a run does beyond this is a loop without an end. */
const maxEvents = 200_000;

export class Schedule {
  /** Milliseconds since the beginning of the run. */
  now = 0;
  events = 0;
  readonly #random: Random;
  #heap: Pending[] = [];
  readonly #lines: string[] = [];
  /** Called after every event. */
  afterEach: () => void = () => undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `owner`: the process that it happens in; it happens only if that still runs. */
  later(owner: SimulatedProcess | undefined, delayMs: number, label: string, act: () => void): Pending {
    const at = this.now + Math.max(0, delayMs);
    const pending = {
      at,
      tie: this.#random.next(),
      owner,
      label,
      act,
      isHolding: true,
      cancelled: false,
    };
    this.#push(pending);
    return pending;
  }

  cancel(pending: Pending): void {
    pending.cancelled = true;
  }

  note(text: string): void {
    this.#lines.push(`${this.now.toFixed(0).padStart(8)} ${text}`);
  }

  /** Every event so far, one a line. */
  get trace(): readonly string[] {
    return this.#lines;
  }

  get fingerprint(): string {
    return hash('sha256', this.#lines.join('\n'));
  }

  /** What a process still waits for. */
  pendingOf(owner: SimulatedProcess): Pending[] {
    return this.#heap.filter((pending) => pending.owner === owner && !pending.cancelled);
  }

  /** Until `isOver` or nothing is left before `until`. `true`: `isOver`. */
  async run(until: number, isOver: () => boolean = () => false): Promise<boolean> {
    await settled();
    while (!isOver()) {
      const next = this.#next(until);
      if (next === undefined) {
        this.now = Math.max(this.now, until);
        return isOver();
      }
      await this.#happen(next);
    }
    return true;
  }

  async #happen({ owner, label, act }: Pending): Promise<void> {
    this.events += 1;
    if (this.events > maxEvents) throw new Error(`more than ${maxEvents} events`);
    this.note(owner === undefined ? label : `${owner.name} ${label}`);
    if (owner === undefined) act();
    else inProcess(owner, act);
    await settled();
    this.afterEach();
  }

  #next(until: number): Pending | undefined {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled || next.owner?.isDead) continue;
      const stalledUntil = next.owner?.stalledUntil ?? 0;
      if (stalledUntil > next.at) {
        this.#push(Object.assign(next, { at: stalledUntil }));
        continue;
      }
      this.now = Math.max(this.now, next.at);
      return next;
    }
    return undefined;
  }

  #push(pending: Pending): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(pending);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(pending, heap[parent] as Pending)) break;
      heap[at] = heap[parent] as Pending;
      at = parent;
    }
    heap[at] = pending;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Pending;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Pending, heap[child] as Pending)) child += 1;
      if (!isBefore(heap[child] as Pending, last)) break;
      heap[at] = heap[child] as Pending;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (one: Pending, other: Pending): boolean =>
  one.at < other.at || (one.at === other.at && one.tie < other.tie);
