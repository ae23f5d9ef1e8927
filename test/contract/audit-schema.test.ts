// `openapi/audit-event.schema.json`: closed, explained member by member, and refusing every record that is not one of
// peergate's. That real records fit it is checked at the end of every test with a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorRules } from '../../src/errors.ts';
import { assertAuditRecord, auditSchema } from '../support/audit-schema.ts';
import { startTestGateway } from '../support/gateway.ts';
import { everyKind, isRecord, kindsPolicy, membersOf } from './every-kind.ts';

/** A part of the schema that describes a member. */
interface DescribedPart {
  readonly $ref?: string;
  readonly type?: string;
  readonly title: string;
  readonly description: string;
  readonly additionalProperties?: false | ClaimValues;
  readonly oneOf?: readonly DescribedPart[];
  readonly items?: DescribedPart;
  readonly properties?: Readonly<Record<string, DescribedPart>>;
}

interface ClaimValues {
  readonly type: readonly string[];
}

interface AuditSchema extends DescribedPart {
  readonly allOf: unknown;
  readonly $defs: Readonly<Record<string, DescribedPart>>;
  readonly properties: Readonly<Record<string, DescribedPart>> & {
    readonly status_code: { readonly enum: readonly string[] };
  };
}

const schema = auditSchema as unknown as AuditSchema;

/** The schemas that describe members; the conditions at the root only narrow them. */
function* described(part: DescribedPart, path: string): Generator<[string, DescribedPart]> {
  yield [path, part];
  const lists: (readonly [number | string, DescribedPart])[] = [
    ...(part.oneOf ?? []).entries(),
    ...(part.items === undefined ? [] : [['items', part.items] as const]),
  ];
  for (const [name, member] of [...Object.entries(part.properties ?? {}), ...lists])
    yield* described(member, `${path}/${name}`);
}
const root = { ...schema, allOf: undefined };
const parts = [
  ...described(root, ''),
  ...Object.entries(schema.$defs).flatMap(([name, part]) => [...described(part, `#${name}`)]),
];

test('every object of the schema is closed, and every member says what it is and where it comes from', () => {
  assert.ok(parts.length > 100);
  for (const [path, part] of parts) {
    // Claims have the names that the policy has for them; what their values may be is said all the same.
    if (path === '/unmapped/claims')
      assert.ok(!(part.additionalProperties as ClaimValues).type.includes('object'));
    else if (part.type === 'object') assert.equal(part.additionalProperties, false, path);
    if (part.$ref !== undefined || /\/(\d+|items)$/.test(path)) continue;
    assert.ok(part.title?.length > 1 && part.description?.length > 5, `${path} is not explained`);
  }
});

test('the reasons are the codes of errors.ts and those that stand for no error', () => {
  const { enum: reasons } = schema.properties.status_code;
  assert.deepEqual(reasons, [
    ...Object.keys(errorRules),
    ...['upstream-answered', 'replayed', 'snapshot-answered', 'dry-run', 'policy-loaded', 'policy-rejected'],
    ...['peering-found', 'peering-absent', 'attribution-ambiguous'],
    ...['gateway-started', 'gateway-stopped', 'chain-started', 'torn-line-set-aside', 'chain-signed'],
  ]);
});

/** An object in a record, with the member that is one too many. */
interface Extensible {
  secret?: unknown;
}

test('a record with one more member anywhere is refused', async (t) => {
  const records = await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  for (const [kind, record] of Object.entries(records)) {
    assertAuditRecord(record);
    const objects: (readonly [string, unknown])[] = [
      ['', record],
      ...[...membersOf(record)].map(([path, holder, name]) => [path, holder[name]] as const),
    ];
    for (const [path, object] of objects) {
      if (typeof object !== 'object' || object === null || Array.isArray(object)) continue;
      // A claim can have any name, but not hold anything.
      (object as Extensible).secret = path === '/unmapped/claims' ? { token: 'eyJhbGciOi' } : 'eyJhbGciOi';
      assert.ok(!isRecord(record), `${kind} with one more member in ${path}`);
      delete (object as Extensible).secret;
    }
  }
});

test('a record that lacks a member is refused, unless the member depends on what was given', async (t) => {
  const records = await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  const dispensable: Record<string, string[]> = {};
  for (const [kind, record] of Object.entries(records)) {
    dispensable[kind] = [...membersOf(record)]
      .filter(([, holder, name]) => {
        if (Array.isArray(holder)) return false;
        const before = { ...holder };
        delete holder[name];
        const fits = isRecord(record);
        for (const member of Object.keys(before)) delete holder[member];
        Object.assign(holder, before);
        return fits;
      })
      .map(([path]) => path);
  }
  const client = '/actor/app_uid';
  const claims = '/unmapped/claims';
  // Aerospike Cloud's list need not say it.
  const unsaid = ['/api/request/data/cidrBlock', '/api/request/data/vpcId'];
  // A truncated record lacks it.
  const allowedValues = '/unmapped/decision/violations/0/allowed';
  const grant = '/unmapped/decision/grant';
  assert.deepEqual(dispensable, {
    begun: [],
    started: [],
    stopped: [],
    loaded: [],
    rejected: ['/unmapped/policy/new'],
    intent: [client, claims, grant],
    created: [client, claims, grant],
    denied: [client, claims, allowedValues],
    unverified: [],
    list: [client, '/api/request/data/limit', claims, grant],
    dryRun: [client, claims, grant],
    dryDenied: [client, claims, allowedValues],
    listDenied: [client, claims, allowedValues],
    got: [client, claims, grant],
    getUnknown: [client, claims, grant],
    deleteIntent: [client, ...unsaid, claims, grant],
    deleted: [client, ...unsaid, claims, grant],
    deleteDenied: [client, ...unsaid, claims, allowedValues],
    deleteUnknown: [client, claims, grant],
    deleteLook: [client, claims, grant],
    reconciled: [client, '/unmapped/reconciled/peeringStatus'],
    absent: [client],
    ambiguous: [client],
    deleteFailed: [client, ...unsaid, '/unmapped/reconciled/peeringStatus'],
    deleteDone: [client, ...unsaid],
    traced: [client, grant],
    recovered: [],
    checkpoint: [],
    anew: [],
  });
});

test('an address is recorded in its one spelling, without the zone that means something to the ingress alone', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  const claimed = {
    [`fe80::1%${'z'.repeat(2000)}`]: 'fe80::1',
    '2001:0DB8:0:0:0:0:0:1': '2001:db8::1',
    '0000:0000:0000:0000:0000:ffff:198.51.100.107': '198.51.100.107',
    '198.51.100.7': '198.51.100.7',
  };
  for (const [address, recorded] of Object.entries(claimed)) {
    await gateway.create({}, { 'x-forwarded-for': address });
    assert.equal(gateway.records.at(-1)?.src_endpoint.ip, recorded);
  }
});
