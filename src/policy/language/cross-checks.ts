// What is wrong with a policy across its parts. Looks at what the text says, whatever else is wrong with it, so that all
// faults are reported at once.

import type { PolicyFault } from '../engine/policy-data.ts';
import type { Places } from './place.ts';

/** Decisions and records name rules by their ids. */
export function duplicateIds(raw: unknown, places: Places): PolicyFault[] {
  return (['grants', 'exceptions'] as const).flatMap((list) => {
    const ids = rulesIn(raw, list).map((rule) => member(rule, 'id'));
    return ids.flatMap((id, index) =>
      typeof id === 'string' && ids.indexOf(id) < index
        ? [
            places.at(
              [list, index, 'id'],
              `is the id of another ${list === 'grants' ? 'grant' : 'exception'}, too`,
            ),
          ]
        : [],
    );
  });
}

export function expiredExceptions(raw: unknown, places: Places, now: number): PolicyFault[] {
  return rulesIn(raw, 'exceptions').flatMap((exception, index) => {
    const expires = member(exception, 'expires');
    if (typeof expires !== 'string' || !(Date.parse(expires) <= now)) return [];
    const message = `is in the past (${expires}): remove the exception or renew it`;
    return [places.at(['exceptions', index, 'expires'], message)];
  });
}

function rulesIn(raw: unknown, list: 'grants' | 'exceptions'): readonly unknown[] {
  const rules = member(raw, list);
  return Array.isArray(rules) ? rules : [];
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
