// Time, timers and random numbers of code that runs in a simulated process. All other code of the program keeps the real ones.
import type { Pending } from '../schedule.ts';
import { currentProcess, type SimulatedProcess } from '../simulated-process.ts';

type Callback = (...values: unknown[]) => void;

/** As Node's `Timeout`, as far as it is used. */
class SimulatedTimer {
  readonly #owner: SimulatedProcess;
  readonly #act: () => void;
  readonly #delayMs: number;
  readonly #isRepeated: boolean;
  #pending: Pending;
  #isHolding = true;

  constructor(owner: SimulatedProcess, act: () => void, delayMs: number, isRepeated: boolean) {
    this.#owner = owner;
    this.#act = act;
    // As Node does: what is no number, or less, is 1 ms.
    this.#delayMs = delayMs >= 1 ? Math.trunc(delayMs) : 1;
    this.#isRepeated = isRepeated;
    this.#pending = this.#schedule();
  }

  refresh(): this {
    this.cancel();
    this.#pending = this.#schedule();
    return this;
  }

  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  hasRef(): boolean {
    return this.#isHolding;
  }

  cancel(): void {
    this.#owner.schedule.cancel(this.#pending);
  }

  [Symbol.toPrimitive](): number {
    return Number.NaN;
  }

  #hold(isHolding: boolean): this {
    this.#isHolding = isHolding;
    this.#pending.isHolding = isHolding;
    return this;
  }

  #schedule(): Pending {
    const pending = this.#owner.schedule.later(this.#owner, this.#delayMs, 'timer', () => {
      if (this.#isRepeated) this.#pending = this.#schedule();
      this.#act();
    });
    pending.isHolding = this.#isHolding;
    return pending;
  }
}

const real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, Date };
const realNow = performance.now.bind(performance);
const realRandom = Math.random;

/** A machine has run for a while when its first process starts. */
const uptimeMs = 1_000_000;

function timer(kind: 'setTimeout' | 'setInterval') {
  return (act: Callback, delayMs = 0, ...values: unknown[]): unknown => {
    const owner = currentProcess();
    if (owner === undefined) return real[kind](act, delayMs, ...values);
    return new SimulatedTimer(owner, () => act(...values), delayMs, kind === 'setInterval');
  };
}

function immediate(act: Callback, ...values: unknown[]): unknown {
  const owner = currentProcess();
  if (owner === undefined) return real.setImmediate(act, ...values);
  return owner.schedule.later(owner, 0, 'immediate', () => act(...values));
}

const cancel = (kind: 'clearTimeout' | 'clearInterval') => (given: unknown) => {
  if (given instanceof SimulatedTimer) given.cancel();
  else real[kind](given as NodeJS.Timeout);
};

const wallTime = (owner: SimulatedProcess): number => Math.floor(owner.wallOffset + owner.schedule.now);

const dates = new Proxy(Date, {
  construct(target, values, newTarget) {
    const owner = values.length === 0 ? currentProcess() : undefined;
    return Reflect.construct(target, owner === undefined ? values : [wallTime(owner)], newTarget) as object;
  },
  get(target, name, receiver) {
    return name === 'now' ? now : Reflect.get(target, name, receiver);
  },
});

function now(): number {
  const owner = currentProcess();
  return owner === undefined ? real.Date.now() : wallTime(owner);
}

/** To be called once, before code of the gateway is loaded. */
export function replaceGlobals(): void {
  Object.assign(globalThis, {
    setTimeout: timer('setTimeout'),
    setInterval: timer('setInterval'),
    setImmediate: immediate,
    clearTimeout: cancel('clearTimeout'),
    clearInterval: cancel('clearInterval'),
    Date: dates,
  });
  Object.defineProperty(performance, 'now', {
    value: () => {
      const owner = currentProcess();
      return owner === undefined ? realNow() : uptimeMs + owner.schedule.now - owner.startedAt;
    },
  });
  Math.random = () => currentProcess()?.random.next() ?? realRandom();
}
