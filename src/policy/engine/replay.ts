// Decides a recorded request again under another policy. Pure. What a record does not hold, such as a claim that the
// policy of its day did not ask for, makes the new verdict uncertain, and is said.
import { z } from 'zod';
import { claimAt } from './callers.ts';
import type { Policy } from './compile.ts';
import { decide } from './decide.ts';
import { type Claims, codesOf, type Decision, type Question, verdictOf } from './decision.ts';
import { claimsFromRecord, mayBeCut } from './recorded-claims.ts';

/** One decision of the past beside the one that another policy would make. */
export interface ReplayedDecision {
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
   * What the new policy asks for, the record does not have, and could turn its denial around: claims by name, and who created
   * the peering.
   */
  readonly notRecorded: readonly string[];
}

/** What a create asks for. */
const peeringValues = z.object({
  clusterId: z.string(),
  vpcId: z.string(),
  cidrBlock: z.string(),
  accountId: z.string(),
  region: z.string(),
  isSecureConnection: z.boolean(),
});

/** Where the peering of a delete lies; a delete that was refused before the lookup names only the cluster. */
const existingValues = z.object({
  accountId: z.string(),
  region: z.string(),
  vpcId: z.string().optional(),
  cidrBlock: z.string().optional(),
  isOwn: z.boolean().optional(),
});

/** The parts of an audit record that a decision was made from (`src/audit/record/request-events.ts`). */
const decidedRecord = z.looseObject({
  // Within what a date can be.
  start_time: z.int().min(0).max(8.64e15),
  metadata: z.looseObject({ event_code: z.string() }),
  actor: z.looseObject({
    user: z.looseObject({ uid: z.string() }),
    idp: z.looseObject({ name: z.string() }),
    app_uid: z.string().optional(),
    session: z.looseObject({ credential_uid: z.string().optional() }).optional(),
  }),
  api: z.looseObject({
    request: z.looseObject({ data: z.looseObject({ clusterId: z.string().optional() }).default({}) }),
  }),
  unmapped: z.looseObject({
    claims: z.record(z.string(), z.unknown()).optional(),
    absentClaims: z.array(z.string()).optional(),
    withoutScopes: z.boolean().optional(),
    decision: z.looseObject({
      effect: z.enum(['allow', 'deny']),
      violations: z.array(z.looseObject({ code: z.string() })),
    }),
  }),
});

type Actor = z.output<typeof decidedRecord>['actor'];

/** The one record of each request that has its decision: of a create that was approved, the intent. */
const events: ReadonlyMap<string, Question['action']> = new Map([
  ['peering.create.intent', 'create'],
  ['peering.create.refused', 'create'],
  ['peering.create.dryrun', 'create'],
  ['peering.list.outcome', 'list'],
  ['peering.list.refused', 'list'],
  ['cluster.read.outcome', 'list'],
  ['cluster.read.refused', 'list'],
  ['peering.delete.intent', 'delete'],
  ['peering.delete.refused', 'delete'],
  ['fleet.list.outcome', 'inspect'],
  ['fleet.list.refused', 'inspect'],
]);

/** `undefined` for a record of something else, or of a refusal that came before the policy. */
export function replay(policy: Policy, record: unknown): ReplayedDecision | undefined {
  const parsed = decidedRecord.safeParse(record);
  if (!parsed.success) return undefined;
  const { metadata, actor, api, unmapped, start_time: at } = parsed.data;
  const action = events.get(metadata.event_code);
  const { data } = api.request;
  const values = peeringValues.safeParse(data);
  if (action === undefined || (action === 'create' && !values.success)) return undefined;
  const absent = (unmapped.absentClaims ?? []).map((name) => [name, null]);
  const recorded: Claims = { ...unmapped.claims, ...Object.fromEntries(absent) };
  const claimsOf = (values: Claims) => ({ ...namedIn(actor, values), ...claimsFromRecord(values) });
  const claims = claimsOf(recorded);
  const question: Question = {
    claims,
    withoutScopes: unmapped.withoutScopes,
    at,
    action,
    clusterId: data.clusterId,
    ...(action === 'create' && values.success ? { peering: values.data } : {}),
    ...(action === 'delete' ? { existing: existingValues.safeParse(data).data } : {}),
  };
  const decision = decide(policy, question);
  const after = verdictOf(decision);
  const unknown = policy.claims.filter((name) => {
    const value = claimAt(claims, name);
    return mayBeCut(value) || (value === undefined && !Object.hasOwn(recorded, name));
  });
  const accounts = policy.accountClaims.filter((name) => unknown.includes(name));
  const best = claimsOf({
    ...recorded,
    ...Object.fromEntries(accounts.map((name) => [name, accountIn(question)])),
  });
  const withoutCreator =
    decision.violations.some(({ code }) => code === 'not_owner') && question.existing?.isOwn === undefined;
  const existing = question.existing && { ...question.existing, isOwn: question.existing.isOwn ?? true };
  const notRecorded = [...unknown, ...(withoutCreator ? ['who created the peering'] : [])];
  const isUncertain =
    notRecorded.length > 0 && couldAllow(policy, { ...question, claims: best, existing }, unknown);
  return {
    at,
    subject: actor.user.uid,
    question,
    before: unmapped.decision.effect,
    codesBefore: codesOf(unmapped.decision),
    after,
    decision,
    notRecorded: after === 'deny' && isUncertain ? notRecorded : [],
  };
}

const accountIn = ({ peering: values, existing }: Question): string | undefined =>
  (values ?? existing)?.accountId;

/** Would the policy allow it if these claims matched whatever rules ask for? A claim can match further rules, never fewer. */
function couldAllow(policy: Policy, question: Question, unknown: readonly string[]): boolean {
  const best = {
    ...policy,
    grants: policy.grants?.assuming(unknown),
    exceptions: policy.exceptions.assuming(unknown),
  };
  return verdictOf(decide(best, question)) === 'allow';
}

/**
 * Claims that every record has as members. A claim recorded under its own name, or as absent, takes precedence.
 * `app_uid` is `client_id` but for issuers that have only `azp`.
 */
function namedIn({ idp, user, app_uid, session }: Actor, recorded: Claims): Claims {
  const named = { iss: idp.name, sub: user.uid, client_id: app_uid, jti: session?.credential_uid };
  return Object.fromEntries(
    Object.entries(named).filter(([name, value]) => value !== undefined && recorded[name] !== null),
  );
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
}: ReplayedDecision): string {
  const { action, clusterId, peering: values, existing } = question;
  const lies = existing ? ` ${existing.region} ${existing.accountId}` : '';
  const what = values
    ? `${values.cidrBlock} ${values.region} ${values.accountId}`
    : `${clusterId ?? 'clusters'}${lies}`;
  const codes = after === 'deny' ? codesOf(decision) : codesBefore;
  const { accountsFromClaim: claim } = decision;
  const proven = claim === undefined ? '' : `; accounts from the claim ${claim}`;
  return `${new Date(at).toISOString()} ${subject}: ${action} ${what}: ${before} → ${after} (${codes.join(', ')}${proven})`;
}
