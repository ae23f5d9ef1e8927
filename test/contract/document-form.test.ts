// `openapi/gateway.yaml` by itself: valid OpenAPI, valid schemas, examples that are what they stand for, and limits that
// are the code's own; and what a running gateway serves of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { accountIdPattern, regionPattern, vpcIdPattern } from '../../src/net/aws.ts';
import { isIpv4Fault, parseIpv4Network } from '../../src/net/ipv4.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { listPeerings } from '../../src/operations/list-peerings/list-peerings.ts';
import { violationCodes } from '../../src/policy/engine/decision.ts';
import { policyDocument } from '../../src/policy/language/document.ts';
import { allowed, clusterId, startTestGateway } from '../support/gateway.ts';
import { gatewayContract } from './contract-document.ts';
import { faultsOf } from './faults-of.ts';
import type { Example, Schema } from './openapi-types.ts';

const contract = await gatewayContract();
const { schemas } = contract.root.components;

/** Any object of the document; `examples` are a list in a Schema Object and named everywhere else. */
interface DocumentObject {
  readonly $ref?: string;
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: readonly unknown[] | Readonly<Record<string, Example>>;
}

/** Every object of the document, each once. */
function* objectsIn(value: unknown): Generator<DocumentObject> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value;
  for (const member of Object.values(value)) yield* objectsIn(member);
}

/** The examples of a Parameter, Header or Media Type Object. */
const examplesOf = ({ example, examples = {} }: DocumentObject): unknown[] => [
  ...(example === undefined ? [] : [example]),
  ...Object.values(examples as Readonly<Record<string, Example>>).map(
    (named) => contract.follow(named).value,
  ),
];

test('the document is valid OpenAPI 3.1 and every reference in it leads somewhere', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(contract.root));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, '3.1');
  const references = [...objectsIn(contract.root)].filter((object) => '$ref' in object);
  assert.ok(references.length > 100);
  for (const reference of references) contract.follow(reference);
});

test('nothing in components is left unused', () => {
  const used = new Set([...objectsIn(contract.root)].map(({ $ref }) => $ref));
  for (const [kind, members] of Object.entries<object>(contract.root.components)) {
    if (kind === 'securitySchemes') continue;
    for (const name of Object.keys(members))
      assert.ok(used.has(`#/components/${kind}/${name}`), `${kind}/${name} is used by nothing`);
  }
});

test('every schema is valid JSON Schema 2020-12 and accepts its own examples', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    contract.compile(schema);
    for (const part of objectsIn(schema))
      for (const example of Array.isArray(part.examples) ? part.examples : [])
        contract.assertValid(part, example, `an example of ${name}`);
  }
});

test('every example of a parameter, a header field, a body or an answer is what its schema says', () => {
  const seen = new Set<unknown>();
  for (const carrier of objectsIn(contract.root)) {
    if (carrier.schema === undefined) continue;
    for (const example of examplesOf(carrier)) {
      contract.assertValid(carrier.schema, example, JSON.stringify(carrier).slice(0, 200));
      seen.add(example);
    }
  }
  for (const [name, { value }] of Object.entries(contract.root.components.examples))
    assert.ok(seen.has(value), `${name} stands with no answer`);
});

test('the identifiers have the patterns of the code', () => {
  assert.equal(schemas.VpcId.pattern, vpcIdPattern.source);
  assert.equal(schemas.AccountId.pattern, accountIdPattern.source);
  assert.equal(schemas.Region.pattern, regionPattern.source);
});

test('the pattern of a block accepts what the code does, and besides only blocks with host bits set', () => {
  const pattern = new RegExp(schemas.Ipv4Network.pattern);
  const octet = fc.oneof(fc.nat(299).map(String), fc.constantFrom('00', '01', '007', '', '1000', '٣'));
  const prefix = fc.oneof(fc.nat(39).map(String), fc.constantFrom('00', '08', '', '-1'));
  fc.assert(
    fc.property(
      fc.tuple(octet, octet, octet, octet),
      prefix,
      fc.constantFrom('', '\n', ' '),
      (octets, bits, end) => {
        const text = `${octets.join('.')}/${bits}${end}`;
        const network = parseIpv4Network(text);
        const passes = !isIpv4Fault(network) || network.fault.startsWith('has host bits set');
        assert.equal(pattern.test(text), passes, text);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a create needs exactly the documented members', () => {
  const faultsIn = (body: unknown) =>
    faultsOf(createPeering, { params: { clusterId }, query: new URLSearchParams(), headers: {}, body });
  const { required, properties, additionalProperties } = schemas.VPCPeeringCreate;
  assert.deepEqual(faultsIn({}).missing.toSorted(), required.map((name: string) => `/${name}`).toSorted());
  assert.deepEqual(Object.keys(properties).toSorted(), required.toSorted());
  assert.equal(additionalProperties, false);
  assert.ok(faultsIn({ ...allowed, comment: 'x' }).any());
  assert.ok(!faultsIn(allowed).any());
});

test('a create takes the documented parameter with its documented values, once, and no other', () => {
  const accepts = (query: string) =>
    !faultsOf(createPeering, {
      params: { clusterId },
      query: new URLSearchParams(query),
      headers: {},
      body: allowed,
    }).any();
  const create = contract.operations.find(({ id }) => id === 'createVPCPeerings');
  const parameters = create?.parameters.filter((parameter) => parameter.in === 'query') ?? [];
  assert.deepEqual(
    parameters.map(({ name, schema }) => [name, schema.type]),
    [['dryRun', 'boolean']],
  );
  assert.ok(accepts('') && accepts('dryRun=true') && accepts('dryRun=false'));
  for (const query of [
    'dryRun=',
    'dryRun',
    'dryRun=1',
    'dryRun=TRUE',
    'dryRun=true&dryRun=true',
    'dryrun=true',
  ])
    assert.ok(!accepts(query), query);
});

test('the violations and the modes are those of the code', () => {
  assert.deepEqual(schemas.Violation.properties['code']?.enum, violationCodes);
  assert.deepEqual(schemas.PolicyMode.enum, policyDocument.shape.mode.unwrap().options);
});

test('a list takes exactly the documented parameters, from their least value to their greatest', () => {
  const accepts = (query: string) =>
    !faultsOf(listPeerings, {
      params: { clusterId },
      query: new URLSearchParams(query),
      headers: {},
      body: undefined,
    }).any();
  const list = contract.operations.find(({ id }) => id === 'getVPCPeerings');
  const parameters = list?.parameters.filter((parameter) => parameter.in === 'query') ?? [];
  assert.deepEqual(
    parameters.map(({ name }) => name),
    ['limit', 'offset'],
  );
  for (const { name, schema } of parameters) {
    for (const value of [schema.minimum, schema.maximum])
      assert.ok(accepts(`${name}=${value}`), `${name}=${value}`);
    for (const value of [schema.minimum - 1, schema.maximum + 1, '1.0', ''])
      assert.ok(!accepts(`${name}=${value}`), `${name}=${value}`);
    assert.ok(!accepts(`${name}=1&${name}=1`));
  }
  assert.ok(!accepts('filter=1'));
});

test('a running gateway serves the document with its own base path, to everybody', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/base/v1' } });
  const reply = await gateway.call({ path: '/base/v1/openapi.json' });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.deepEqual(reply.json, { ...contract.root, servers: [{ url: '/base/v1' }] });
  const { valid, errors } = await new Validator().validate(reply.json as object as Record<string, unknown>);
  assert.ok(valid, JSON.stringify(errors));
  assert.equal((await gateway.call({ path: '/openapi.json' })).status, 404);
  assert.equal(gateway.cloud.connections, 0);
  assert.deepEqual(gateway.records, []);
});

test('without a base path the document names the root as its server', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await gateway.call({ path: '/openapi.json' });
  assert.deepEqual(reply.json.servers, [{ url: '/' }]);
});
