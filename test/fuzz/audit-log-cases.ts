// What is done to an audit log before it is verified.
import fc from 'fast-check';
import { edit } from './bodies.ts';
import type { Edit } from './case.ts';
import { anyText } from './texts.ts';

/** `at` is taken modulo the number of lines, and so is `to`. */
export type Step = { readonly at: number } & (
  | { readonly do: 'remove'; readonly count: number }
  | { readonly do: 'copy' | 'move'; readonly to: number }
  | { readonly do: 'edit'; readonly edits: readonly Edit[] }
  /** A member gets another value, as JSON by `writtenOut`. */
  | { readonly do: 'set'; readonly path: readonly string[]; readonly value: string }
  | { readonly do: 'name-twice'; readonly member: string }
  /** The fingerprint is made anew. */
  | { readonly do: 'fingerprint' }
  /** Another duration, and the chain is made anew from its beginning. */
  | { readonly do: 'forge'; readonly duration: string }
  | { readonly do: 'insert'; readonly text: string; readonly times: number }
);

export const forms = [
  ...['lines', 'crlf', 'array', 'laid-out', 'gzip', 'wrapped', 'quoted', 'reordered', 'with-nulls'],
] as const;
export type Form = (typeof forms)[number];

export interface AuditLogCase {
  readonly steps: readonly Step[];
  readonly form: Form;
  readonly key: boolean;
  readonly json: boolean;
}

const at = fc.nat(40);
/** Arrays, or objects, in one another: written out only in the log, so that a case stays short. */
const deep = [50, 3000, 60_000].flatMap((depth) => [`@arrays ${depth}@`, `@objects ${depth}@`]);

export const writtenOut = (value: string): string =>
  value
    .replace(/@arrays (\d+)@/, (_, depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`)
    .replace(/@objects (\d+)@/, (_, depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

const value = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...['null', '0', '-0', '1e400', '-1', '1.5', '9007199254740993', '""', '"\\ud800"', '[]', '{}', 'true'],
      ...[
        '{"__proto__":{"x":1}}',
        '[{"chain_uid":"x"}]',
        '"peering.create.intent"',
        '"\\u001b[2J"',
        '2',
        '6003',
      ],
      ...[
        '{"toString":1,"valueOf":1}',
        '"peering.delete.intent"',
        '"audit.checkpoint"',
        '"peering.create.outcome"',
        '1.7976931348623157e308',
        '8640000000000001',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...deep) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 2 }) },
);
const path = fc.constantFrom(
  ...[
    ['time'],
    ['duration'],
    ['note'],
    ['metadata', 'sequence'],
    ['metadata', 'uid'],
    ['metadata', 'event_code'],
  ],
  ...[
    ['api', 'request', 'uid'],
    ['api', 'request', 'data'],
    ['api', 'request'],
    ['class_uid'],
    ['metadata'],
    ['api'],
  ],
  ...[['attestation_list'], ['attestation_list', '0', 'chain_uid'], ['attestation_list', '0', 'fingerprint']],
  ...[
    ['attestation_list', '0', 'fingerprint', 'value'],
    ['attestation_list', '0', 'prev_event'],
    ['unmapped'],
  ],
  ...[
    ['unmapped', 'checkpoint'],
    ['unmapped', 'upstream'],
    ['metadata', 'product', 'name'],
    ['type_uid'],
    ['status_id'],
  ],
  ...[
    ['attestation_list', '0', 'prev_event', 'fingerprint', 'value'],
    ['__proto__'],
    ['constructor'],
    ['actor'],
  ],
  ...[
    ['attestation_list', '0', 'fingerprint', 'algorithm_id'],
    ['metadata', '__proto__'],
    ['unmapped', 'reconciled'],
  ],
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), at, to: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copy' as const), at, to: at }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('remove' as const), at, count: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ do: fc.constant('edit' as const), at, edits: fc.array(edit, { minLength: 1, maxLength: 3 }) },
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), at, path, value }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('name-twice' as const),
      at,
      member: fc.constantFrom(
        '"time":1',
        '"class_uid":6003',
        '"cl\\u0061ss_uid":1',
        '"metadata":{}',
        '"x":[]',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fingerprint' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('forge' as const),
      at,
      duration: fc.constantFrom('0', '1', '77'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      at,
      text: fc.oneof(
        fc.constantFrom(
          ...[
            '',
            '{',
            '}',
            '[',
            '"',
            '\\',
            '{"level":"info","msg":"listening"}',
            'null',
            '{}',
            '[[',
            '{"a":"',
          ],
          ...[
            '{"class_uid":6003}',
            '{"action":"',
            '{"log":"{\\"class_uid\\":6003}"}',
            '\u001b]0;x\u0007',
            '\u202e',
          ],
          ...[
            '{"class_uid":6003,"metadata":{"product":{"name":"peergate"}}}',
            '{"_raw":',
            '\u0000',
            '{"hits":[',
          ],
        ),
        anyText(60),
        fc.json({ maxDepth: 3 }),
      ),
      times: fc.constantFrom(1, 1, 1, 30, 5000),
    }),
  },
);

export const auditLogCase: fc.Arbitrary<AuditLogCase> = fc.record({
  steps: fc.array(step, { maxLength: 4 }),
  form: fc.constantFrom('lines', 'lines', 'lines', 'lines', ...forms),
  key: fc.boolean(),
  json: fc.boolean(),
});
