// Times the stages of one request, for metrics and, if tracing is on, as spans.
import type { Span } from './tracer.ts';

export const stageNames = [
  'authenticate',
  'verify',
  'parse',
  'authorize',
  'idempotency',
  'lock',
  'preflight',
  'record',
  'forward',
  'wait',
] as const;

export type StageName = (typeof stageNames)[number];

export class Stages {
  readonly #observe: (stage: StageName, seconds: number) => void;
  /** The request's span; `undefined` without tracing. */
  readonly span: Span | undefined;

  constructor(observe: (stage: StageName, seconds: number) => void, span?: Span) {
    this.#observe = observe;
    this.span = span;
  }

  /** `work` gets the stage's span. */
  async run<Result>(stage: StageName, work: (span?: Span) => Promise<Result> | Result): Promise<Result> {
    const span = this.span?.child(stage, stage === 'forward' ? 'client' : undefined);
    const startedAt = performance.now();
    try {
      return await work(span);
    } catch (error) {
      span?.fail(error);
      throw error;
    } finally {
      this.#end(stage, startedAt, span);
    }
  }

  /** For synchronous work. */
  runNow<Result>(stage: StageName, work: () => Result): Result {
    const span = this.span?.child(stage);
    const startedAt = performance.now();
    try {
      return work();
    } catch (error) {
      span?.fail(error);
      throw error;
    } finally {
      this.#end(stage, startedAt, span);
    }
  }

  #end(stage: StageName, startedAt: number, span: Span | undefined): void {
    this.#observe(stage, (performance.now() - startedAt) / 1000);
    span?.end();
  }
}
