// The log of earlier runs in the making: intents of creates, and what became of them.
import { AuditChain, type Head } from '../../../src/audit/log/chain.ts';
import { reconciledEvent } from '../../../src/audit/record/reconciled-event.ts';
import { intentEvent, type Outcome, outcomeEvent } from '../../../src/audit/record/request-events.ts';
import { systemClock } from '../../../src/clock.ts';
import type { RequestFacts } from '../../../src/request/request.ts';
import { lostCreate } from '../../reconciliation/reconcile-rig.ts';
import { headOf } from './chained-log.ts';

export const now = Date.parse('2026-11-22T12:00:00Z');

/** A log in the making: each call makes the next line. */
export class IntentLog {
  readonly #lines: string[] = [];
  readonly #chain = new AuditChain({ version: '0', instance: 'test' }, systemClock.newId);

  intent(create: RequestFacts = lostCreate()): RequestFacts {
    this.#seal(intentEvent(create, now));
    return create;
  }

  outcome(create: RequestFacts, outcome: Outcome): void {
    this.#seal(outcomeEvent(create, outcome, now));
  }

  reconciled(create: RequestFacts, resourceId?: string): void {
    const settlement =
      resourceId === undefined ? ({ found: false } as const) : { found: true as const, resourceId };
    this.#seal(reconciledEvent(create, settlement, now));
  }

  ambiguous(create: RequestFacts, ...ambiguous: string[]): void {
    this.#seal(reconciledEvent(create, { ambiguous }, now));
  }

  /** The last line so far. */
  get head(): Head {
    return headOf(this.#lines.at(-1));
  }

  /** The lines since the last call. */
  cut(): string {
    const since = this.#lines.slice(this.#cutAt);
    this.#cutAt = this.#lines.length;
    return since.map((line) => `${line}\n`).join('');
  }
  #cutAt = 0;

  #seal(event: Parameters<AuditChain['append']>[0]): void {
    this.#lines.push(this.#chain.append(event));
  }
}
