// Runs cases in batches, some at once, and holds each against its oracle. The seed of a batch and the place in it name a case
// for ever: they are what a failure prints.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assertAnswer } from './answers.ts';
import type { FuzzCase } from './case.ts';
import { fuzzCase } from './cases.ts';
import { type Answer, endsConnection, Lane } from './client.ts';
import { FuzzFailure } from './failure.ts';
import { readMessages } from './messages.ts';
import { judge, type Verdict } from './oracle.ts';
import { render } from './render.ts';
import type { World } from './world.ts';

export const batchSize = 128;
const lanes = 24;
const maxBodyBytes = 16_384;
/** Cases that can still be named by what they caused. */
const maxRecent = 4096;

/** What happened, so that a run that reaches nothing is noticed. */
export interface Tally {
  cases: number;
  answers: number;
  readonly statuses: Map<number, number>;
  /** Creates that were answered with 201 and no replay. */
  created: number;
}

export class FuzzRun {
  readonly tally: Tally = { cases: 0, answers: 0, statuses: new Map(), created: 0 };
  readonly #world: World;
  readonly #lanes: readonly Lane[];
  readonly #before = new Map<Lane, string>();
  readonly #recent = new Map<number, { seed: number; index: number; fuzz: FuzzCase }>();
  #serial = 0;

  constructor(world: World) {
    this.#world = world;
    this.#lanes = Array.from({ length: lanes }, () => new Lane(world.port));
  }

  /** Throws a `FuzzFailure` that says how to have the first case that failed again. */
  async batch(seed: number, count = batchSize): Promise<void> {
    const cases = fc.sample(fuzzCase, { seed, numRuns: count });
    const texts: string[] = [];
    const signatures = new Set<string>();
    let next = 0;
    const work = async (lane: Lane) => {
      while (next < cases.length) {
        const index = next;
        next += 1;
        const fuzz = cases[index] as FuzzCase;
        const earlier = `case ${this.#before.get(lane) ?? 'none'} on the lane before it`;
        this.#before.set(lane, `${index} of ${seed}`);
        this.#serial += 1;
        this.#recent.set(this.#serial, { seed, index, fuzz });
        this.#recent.delete(this.#serial - maxRecent);
        try {
          await this.#one(fuzz, lane, texts, signatures);
        } catch (error) {
          // What is left on the connection is not the next one's fault.
          lane.close();
          const faults = [`${lane.story}; ${earlier}`, ...this.#world.watch.faults];
          throw failure(seed, index, fuzz, error, faults);
        }
      }
    };
    const results = await Promise.allSettled(this.#lanes.map(work));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    this.#world.watch.endBatch(texts, signatures);
    const [fault] = this.#world.watch.faults;
    if (fault !== undefined) throw this.#failure(seed, fault);
  }

  /** What came out of the gateway names the VPC, and that the case. */
  #failure(seed: number, fault: string): Error {
    const serial = Number.parseInt(/vpc-([0-9a-f]{17})/.exec(fault)?.[1] ?? '', 16);
    const guilty = this.#recent.get(serial);
    if (guilty === undefined) return new Error(`in the batch with seed ${seed} or one before it: ${fault}`);
    return failure(guilty.seed, guilty.index, guilty.fuzz, new Error(fault));
  }

  /** One case alone. */
  async check(fuzz: FuzzCase): Promise<string> {
    const [lane] = this.#lanes;
    const texts: string[] = [];
    const signatures = new Set<string>();
    this.#serial += 1;
    // What an earlier one did is not this one's fault.
    this.#world.watch.faults.length = 0;
    await this.#one(fuzz, lane as Lane, texts, signatures);
    this.#world.watch.endBatch(texts, signatures);
    this.#world.watch.assertNone();
    return 'held';
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  async #one(fuzz: FuzzCase, lane: Lane, texts: string[], signatures: Set<string>): Promise<void> {
    const { mint, watch } = this.#world;
    const { bytes, writes, good } = render(fuzz, mint, this.#serial);
    const { complete, whole } = readMessages(bytes);
    const verdicts = complete.map((message) => judge(message, (text) => mint.find(text) ?? good.get(text)));
    watch.permit(verdicts.flatMap(({ permit }) => permit ?? []));
    for (const message of complete)
      for (const [name, value] of message.fields)
        if (name === 'authorization') signatures.add(value.slice(value.lastIndexOf('.') + 1));
    const answerable = whole && verdicts.length > 0;
    const ending = fuzz.ending === 'wait' && !answerable ? 'end' : fuzz.ending;
    const methods = verdicts.map(({ method }) => method);
    const answers = await lane.run({ writes, ending, methods });
    this.tally.cases += 1;
    for (const [index, answer] of answers.entries()) {
      assertAnswer(answer, methods[index] ?? 'GET');
      if (index < 4) texts.push(textOf(answer));
      this.tally.answers += 1;
      this.tally.statuses.set(answer.status, (this.tally.statuses.get(answer.status) ?? 0) + 1);
    }
    // On a body over the limit that waits behind another request the gateway hangs up, within a second or so.
    const mayEnd = complete.slice(1).some(({ body }) => body.length > maxBodyBytes);
    if (ending === 'wait') this.#assertAnswered(verdicts, answers, mayEnd);
  }

  #assertAnswered(verdicts: readonly Verdict[], answers: readonly Answer[], mayEnd: boolean): void {
    const complete = mayEnd || answers.length === verdicts.length || endsConnection(answers.at(-1));
    assert.ok(complete, `${answers.map(({ status }) => status)} in answer to ${verdicts.length} requests`);
    for (const [index, answer] of answers.entries()) {
      const { statuses, permit } = verdicts[index] ?? {};
      const fits = statuses === undefined || statuses.includes(answer.status);
      assert.ok(fits, `status ${answer.status} where ${statuses} was right: ${answer.text}`);
      const created = answer.status === 201 && !answer.headers.has('idempotency-replayed');
      assert.ok(!created || permit !== undefined, 'a create was answered that nobody may make');
      assert.ok(
        answer.status !== 204 || permit?.method === 'DELETE',
        'a delete was answered that nobody may make',
      );
      if (permit?.method !== 'POST' || verdicts.length > 1) continue;
      assert.equal(this.#world.watch.wasSent(permit), created, 'sent, if and only if the answer says so');
      if (created) this.tally.created += 1;
    }
  }
}

const textOf = ({ headers, text }: Answer): string =>
  // The contract is the same every time, and long.
  text.length > 20_000 ? '' : `${[...headers].map((field) => field.join(': ')).join('\n')}\n${text}`;

const failure = (
  seed: number,
  index: number,
  fuzz: FuzzCase,
  error: unknown,
  faults: readonly string[] = [],
): FuzzFailure => new FuzzFailure('http', { seed, index, fuzz }, error, faults);
