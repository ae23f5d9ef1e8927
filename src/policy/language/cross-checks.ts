// What is wrong with a policy across its parts. Looks at what the text says, whatever else is wrong with it, so that all
// faults are reported at once.

import { memberOf } from '../../net/json.ts';
import type { PolicyFault } from '../engine/policy-data.ts';
import type { Path, Places } from './place.ts';

/** Decisions and records name rules by their ids. */
export function duplicateIds(raw: unknown, places: Places): PolicyFault[] {
  return (['grants', 'exceptions'] as const).flatMap((list) => {
    const known = new Set<string>();
    return rulesIn(raw, list).flatMap((rule, index) => {
      const id = memberOf(rule, 'id');
      if (typeof id !== 'string') return [];
      if (known.has(id)) {
        const message = `is the id of another ${list === 'grants' ? 'grant' : 'exception'}, too`;
        return [places.at([list, index, 'id'], message)];
      }
      known.add(id);
      return [];
    });
  });
}

/** Worth a warning and no more: a date that has passed must keep no change of the policy out. */
export const expiredExceptions = (raw: unknown, places: Places, now: number): PolicyFault[] =>
  rulesIn(raw, 'exceptions').flatMap((exception, index) => {
    const message = `is in the past (${String(memberOf(exception, 'expires'))}): the exception has no effect; remove it or renew it`;
    return hasExpired(exception, now) ? [places.at(['exceptions', index, 'expires'], message)] : [];
  });

/** Is this place in an exception that has no effect any more? */
export function isInExpired(raw: unknown, [list, index]: Path, now: number): boolean {
  return list === 'exceptions' && hasExpired(rulesIn(raw, list)[Number(index)], now);
}

function hasExpired(exception: unknown, now: number): boolean {
  const expires = memberOf(exception, 'expires');
  return typeof expires === 'string' && Date.parse(expires) <= now;
}

export function rulesIn(raw: unknown, list: 'grants' | 'exceptions'): readonly unknown[] {
  const rules = memberOf(raw, list);
  return Array.isArray(rules) ? rules : [];
}
