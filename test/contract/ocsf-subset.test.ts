// A record is an OCSF event: `openapi/audit-event.schema.json` allows no member that OCSF's class API Activity lacks, and every
// kind of record keeps OCSF's rules for required members, enumerations and their captions, and `type_uid`.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AuditRecord } from '../support/audit-record.ts';
import { auditSchema } from '../support/audit-schema.ts';
import { startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { everyKind, kindsPolicy } from './every-kind.ts';
import { type OcsfObject, ocsf } from './ocsf-members.ts';

/** A part of the schema that describes a member. */
interface SchemaPart {
  readonly $ref?: string;
  readonly allOf?: unknown;
  readonly oneOf?: readonly SchemaPart[];
  readonly anyOf?: readonly SchemaPart[];
  readonly items?: SchemaPart;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly then?: SchemaPart;
  readonly else?: SchemaPart;
}

type Members = Readonly<Record<string, unknown>>;

const definitions = auditSchema['$defs'] as Readonly<Record<string, SchemaPart>>;

/** The schemas that a part of the schema combines, each with members of its own. */
function* variants(part: SchemaPart): Generator<SchemaPart> {
  if (part.$ref !== undefined)
    return yield* variants(definitions[part.$ref.replace('#/$defs/', '')] as SchemaPart);
  yield part;
  for (const choice of [...(part.oneOf ?? []), ...(part.anyOf ?? [])]) yield* variants(choice);
}

/** Every member that the schema allows and OCSF does not have. */
function* strangers(part: SchemaPart, type: string, path: string): Generator<string> {
  const [name = '', ...list] = type.split('[]');
  for (const variant of variants(part)) {
    if (list.length > 0) yield* strangers(variant.items ?? {}, name, `${path}[]`);
    else
      for (const [member, inner] of Object.entries(variant.properties ?? {})) {
        const known = ocsf[name]?.members[member];
        if (known === undefined) yield `${path}.${member}`;
        else if (known !== 'open') yield* strangers(inner, known, `${path}.${member}`);
      }
  }
}

/** Every rule of OCSF that a value breaks. */
function* faults(value: unknown, type: string, path: string): Generator<string> {
  if (type.endsWith('[]')) {
    for (const [index, item] of (value as readonly unknown[]).entries())
      yield* faults(item, type.slice(0, -2), `${path}[${index}]`);
  } else if (ocsf[type] === undefined) {
    const found = Number.isSafeInteger(value) ? 'integer' : typeof value;
    if (found !== (type === 'open' ? 'object' : type)) yield `${path} is no ${type}`;
  } else {
    yield* ruleFaults(value as Members, ocsf[type], path);
    for (const [name, member] of Object.entries(value as Members)) {
      const known = ocsf[type].members[name];
      if (known === undefined) yield `${path}.${name} is no member`;
      else yield* faults(member, known, `${path}.${name}`);
    }
  }
}

function* ruleFaults(
  value: Members,
  { required = [], atLeastOne, enums = {} }: OcsfObject,
  path: string,
): Generator<string> {
  for (const name of required) if (!(name in value)) yield `${path} lacks ${name}`;
  if (atLeastOne && !atLeastOne.some((name) => name in value)) yield `${path} has none of ${atLeastOne}`;
  for (const [name, [caption, captions]] of Object.entries(enums))
    if (name in value && value[name] !== 99 && captions[value[name] as number] !== value[caption])
      yield `${path}.${name} ${value[name]} is not ${value[caption]}`;
}

/** Records of what is read besides peerings, answered and refused. */
async function readRecords(t: TestContext): Promise<AuditRecord[]> {
  const environment = { FLEET_REFRESH_SECONDS: '1', RATE_LIMIT_PER_MINUTE: '0' };
  const gateway = await startTestGateway(t, { environment });
  const good = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  const statusOf = async (path: string, headers = good) => (await gateway.call({ path, headers })).status;
  for (const path of ['/database/clusters', '/peerings', '/policy/effective']) {
    await until(`${path} is answered`, async () => (await statusOf(path)) === 200);
    assert.equal(await statusOf(path, { authorization: 'Bearer nothing' }), 401);
  }
  return gateway.records;
}

test('the schema of records allows no member that OCSF does not have', () => {
  const conditions = (auditSchema['allOf'] as SchemaPart[]).flatMap(({ then, else: otherwise }) => [
    then,
    otherwise,
  ]);
  for (const part of [{ ...auditSchema, allOf: undefined }, ...conditions])
    assert.deepEqual([...strangers(part ?? {}, 'event', '')], []);
});

interface EventCodes {
  readonly properties: {
    readonly metadata: { readonly properties: { readonly event_code: { readonly enum: readonly string[] } } };
  };
}

test('every kind of record keeps the rules of OCSF', async (t) => {
  const kinds = await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  const records = [...Object.values(kinds), ...(await readRecords(t))];
  const codes = new Set(records.map(({ metadata }) => metadata.event_code));
  const { enum: all } = (auditSchema as unknown as EventCodes).properties.metadata.properties.event_code;
  assert.deepEqual([...codes].sort(), [...all].sort());
  for (const record of records) {
    assert.deepEqual([...faults(record, 'event', record.metadata.event_code)], []);
    assert.equal(record.type_uid, record.class_uid * 100 + record.activity_id);
    assert.equal(record.metadata.version, '1.9.0');
    const profiles = [
      'security_control',
      'record_integrity',
      ...(record.trace === undefined ? [] : ['trace']),
    ];
    assert.deepEqual(record.metadata.profiles, profiles);
  }
});
