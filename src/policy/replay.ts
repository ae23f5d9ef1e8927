// Decides a recorded request again under another policy. Pure. What a record does not hold, such as a claim that the
// policy of its day did not ask for, makes the new verdict uncertain, and is said.
import { z } from 'zod';
import type { Policy } from './compile.ts';
import { decide } from './decide.ts';
import type { Decision, Question } from './decision.ts';
import { claimsFromRecord } from './recorded-claims.ts';
import { codesOf, verdictOf } from './run-tests.ts';

/** One decision of the past beside the one that another policy would make. */
export interface Replayed {
  readonly at: number;
  readonly subject: string;
  readonly question: Question;
  /** What was done. */
  readonly before: 'allow' | 'deny';
  readonly codesBefore: readonly string[];
  /** What enforcing the new policy would do. */
  readonly after: 'allow' | 'deny';
  readonly decision: Decision;
  /**
   * Claims that the new policy asks for, that the record does not have, and that could turn its denial into the contrary:
   * a claim can match further grants and exceptions, never fewer.
   */
  readonly unknownClaims: readonly string[];
}

const peering = {
  vpcId: z.string(),
  cidrBlock: z.string(),
  accountId: z.string(),
  region: z.string(),
  isSecureConnection: z.boolean(),
};

/** The parts of an audit record that a decision was made from (`src/audit/event.ts`). */
const decidedRecord = z.looseObject({
  start_time: z.number(),
  metadata: z.looseObject({ event_code: z.string() }),
  actor: z.looseObject({
    user: z.looseObject({ uid: z.string() }),
    idp: z.looseObject({ name: z.string() }),
    app_uid: z.string().optional(),
    session: z.looseObject({ credential_uid: z.string().optional() }).optional(),
  }),
  api: z.looseObject({
    request: z.looseObject({ data: z.looseObject({ clusterId: z.string() }) }),
  }),
  unmapped: z.looseObject({
    claims: z.record(z.string(), z.unknown()).optional(),
    decision: z.looseObject({
      effect: z.enum(['allow', 'deny']),
      violations: z.array(z.looseObject({ code: z.string() })),
    }),
  }),
});

/** The one record of each request that has its decision: of a create that was approved, the intent. */
const events: Readonly<Record<string, Question['action']>> = {
  'peering.create.intent': 'create',
  'peering.create.refused': 'create',
  'peering.create.dryrun': 'create',
  'peering.list.outcome': 'list',
  'peering.list.refused': 'list',
  'peering.delete.intent': 'delete',
  'peering.delete.refused': 'delete',
};

/** `undefined` for a record of something else, or of a refusal that came before the policy. */
export function replay(policy: Policy, record: unknown): Replayed | undefined {
  const parsed = decidedRecord.safeParse(record);
  if (!parsed.success) return undefined;
  const { metadata, actor, api, unmapped, start_time: at } = parsed.data;
  const action = events[metadata.event_code];
  const { data } = api.request;
  const values = z.object({ clusterId: z.string(), ...peering }).safeParse(data);
  if (action === undefined || (action === 'create' && !values.success)) return undefined;
  const known = {
    iss: actor.idp.name,
    sub: actor.user.uid,
    ...(actor.app_uid === undefined ? {} : { client_id: actor.app_uid }),
    ...(actor.session?.credential_uid === undefined ? {} : { jti: actor.session.credential_uid }),
  };
  const recorded = unmapped.claims ?? {};
  const question: Question = {
    claims: { ...known, ...claimsFromRecord(recorded) },
    at,
    action,
    clusterId: data.clusterId,
    ...(values.success ? { peering: values.data } : {}),
  };
  const decision = decide(policy, question);
  const after = verdictOf(decision);
  const unknown = policy.claims.filter(
    (name) => !Object.hasOwn(recorded, name) && !Object.hasOwn(known, name),
  );
  return {
    at,
    subject: actor.user.uid,
    question,
    before: unmapped.decision.effect,
    codesBefore: [...new Set(unmapped.decision.violations.map(({ code }) => code))],
    after,
    decision,
    unknownClaims: after === 'deny' ? unknown : [],
  };
}

/** One line for a person: when, who, what, and from which verdict to which. */
export function describeReplayed({
  at,
  subject,
  question,
  before,
  codesBefore,
  after,
  decision,
}: Replayed): string {
  const { action, clusterId, peering: values } = question;
  const what = values ? `${values.cidrBlock} ${values.region} ${values.accountId}` : clusterId;
  const codes = after === 'deny' ? codesOf(decision) : codesBefore;
  return `${new Date(at).toISOString()} ${subject}: ${action} ${what}: ${before} → ${after} (${codes.join(', ')})`;
}
