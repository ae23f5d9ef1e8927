// A policy's own test cases: who asks for what, when, and what must come of it. Read as strictly as
// the policy itself.
import { z } from 'zod';
import { type Claims, type Question, type ViolationCode, violationCodes } from '../engine/decision.ts';
import type { PolicyFault } from '../engine/policy-data.ts';
import { contentOf, type ReadContent } from './content-of.ts';
import { peeringValues } from './peering-values.ts';
import { readYaml } from './read-yaml.ts';
import { clusterId, words } from './value-forms.ts';

export interface PolicyTest {
  readonly name: string;
  readonly claims: Claims;
  readonly question: Omit<Question, 'claims' | 'at'>;
  /** Milliseconds since the epoch; `undefined`: the time of the run. */
  readonly at: number | undefined;
  readonly expect: 'allow' | 'deny';
  /** When given, exactly the codes that the decision must have, in any order. */
  readonly codes: readonly ViolationCode[] | undefined;
  readonly place: { readonly line: number; readonly column: number };
}

type LoadedTests =
  | { readonly file: string; readonly cases: readonly PolicyTest[]; readonly faults?: undefined }
  | { readonly file: string; readonly faults: readonly PolicyFault[] };

/** A time that a case, or `policy explain`, decides at. */
export const timeDocument = z.iso.datetime({
  offset: true,
  error: 'must be a time with its zone, such as 2026-12-01T00:00:00Z',
});

/** Where a peering lies that is there already. */
const place = { accountId: peeringValues.accountId.optional(), region: peeringValues.region.optional() };
const hasPlace = ({ accountId, region }: { accountId?: unknown; region?: unknown }): boolean =>
  (accountId === undefined) === (region === undefined);
const bothOrNeither = 'must have accountId and region, or neither';

/** A request as `policy explain` and the tests have it. */
export const requestDocument = z
  .discriminatedUnion(
    'action',
    [
      z.strictObject({ action: z.literal('create'), clusterId, ...peeringValues }),
      z.strictObject({ action: z.literal('list'), clusterId: clusterId.optional() }),
      z
        .strictObject({ action: z.literal('inspect'), clusterId: clusterId.optional(), ...place })
        .refine(hasPlace, bothOrNeither),
      z
        .strictObject({
          action: z.literal('delete'),
          clusterId,
          ...place,
          isOwn: z
            .boolean('must be true or false')
            .optional()
            .meta({ description: 'Did the caller create the peering itself?' }),
        })
        .refine(hasPlace, bothOrNeither)
        .refine(
          ({ isOwn, accountId }) => isOwn === undefined || accountId !== undefined,
          'must have accountId and region with isOwn',
        ),
    ],
    'must have an action: create, list, delete or inspect',
  )
  .transform((request): PolicyTest['question'] => {
    const { action, clusterId } = request;
    if (action === 'create') {
      const { action: _, ...peering } = request;
      return { action, clusterId, peering };
    }
    if (action === 'list' || request.accountId === undefined || request.region === undefined)
      return { action, clusterId };
    const { action: _, clusterId: __, accountId, region, ...owned } = request;
    return { action, clusterId, existing: { accountId, region, ...owned } };
  });

export const claimsDocument = z.record(z.string(), z.unknown(), 'must be an object of claims');

/** A file of tests. The descriptions become `openapi/policy-tests.schema.json`. */
export const testsDocument = z.strictObject({
  tests: z
    .array(
      z.strictObject({
        name: words(300).meta({ description: 'What the case shows.' }),
        claims: claimsDocument.meta({ description: "The claims of the caller's token." }),
        request: requestDocument.meta({ description: 'What the caller asks for.' }),
        at: timeDocument.optional().meta({ description: 'The time to decide at; without it, now.' }),
        expect: z
          .enum(['allow', 'deny'], 'must be allow or deny')
          .meta({ description: 'What the policy must decide.' }),
        codes: z
          .array(z.enum(violationCodes, `must be one of ${violationCodes.join(', ')}`))
          .optional()
          .meta({ description: 'Exactly the reasons that the decision must have, in any order.' }),
      }),
    )
    .min(1, 'must not be empty: a gate without tests lets everything through')
    .meta({ description: 'The cases, each decided by itself.' }),
});

/** Never throws. */
export function loadPolicyTests(file: string, readContent: ReadContent = contentOf): LoadedTests {
  const read = readYaml(file, readContent(file), testsDocument);
  if (read.faults !== undefined) return { file, faults: read.faults };
  const cases = read.value.tests.map(({ name, claims, request, at, expect, codes }, index) => ({
    name,
    claims,
    question: request,
    at: at === undefined ? undefined : Date.parse(at),
    expect,
    codes,
    place: read.places.at(['tests', index], ''),
  }));
  return { file, cases };
}
