// `openapi/gateway.yaml` against the code: what the one has and the other does not is a fault in either direction.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, type ErrorRule, errorRules, problemTitles } from '../../src/errors.ts';
import { readDocuments } from '../../src/http/docs/documents.ts';
import { createRouteTable } from '../../src/http/route-table.ts';
import { operations as registered } from '../../src/operations/registry.ts';
import { clusterId } from '../support/gateway.ts';
import { codeOperations, moreExamples, occursOn, type Place } from './code-operations.ts';
import { gatewayContract } from './contract-document.ts';
import type { Example, ResponseObject } from './openapi-types.ts';

const contract = await gatewayContract();
const operations = await codeOperations();
const rules: Readonly<Record<string, ErrorRule>> = errorRules;
const codes = Object.keys(errorRules) as ErrorCode[];
const documented = (path: string) => contract.operations.filter((operation) => operation.path === path);
const sorted = (values: Iterable<string>) => [...new Set(values)].sort();
const isAerospikes = (name: string) => name.startsWith('aerospike-');

/** Served to everybody, from memory. */
const openApiPath = '/openapi.json';

/** The methods by which an operation is called: what the gateway answers from its own knowledge has a HEAD, too. */
const calls = operations.flatMap((operation) => {
  const { method, id, action } = operation;
  const called = { operation, method: method as string, id };
  return action === undefined
    ? [called, { operation, method: 'HEAD', id: id.replace(/^get/, 'head') }]
    : [called];
});

function placeOf(path: string, method: string): Place {
  if (path === openApiPath) return 'document';
  const call = calls.find(({ operation, method: by }) => operation.route === path && by === method);
  assert.ok(call, `${method} ${path}`);
  return call.operation;
}

/** `status code` of every problem example that stands with the operation. */
const documentedProblems = (responses: ReadonlyMap<string, ResponseObject>): string[] =>
  [...responses].flatMap(([status, { content }]) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}).map((name) => `${status} ${name}`),
  );

test('every operation of the code is documented with its method, route and name, and no other is', () => {
  const inCode = calls.map(({ method, operation, id }) => `${method} ${operation.route} ${id}`);
  const inDocument = contract.operations
    .filter(({ path }) => path !== openApiPath)
    .map(({ method, path, id }) => `${method} ${path} ${id}`);
  assert.ok(inCode.length > 0);
  assert.deepEqual(sorted(inDocument), sorted(inCode));
});

test('the registry has every operation of the code, each once', () => {
  assert.deepEqual(registered.map(({ id }) => id).toSorted(), operations.map(({ id }) => id).toSorted());
});

test('the route table serves each documented method of a route and refuses each other one with the documented ones', async () => {
  const routes = createRouteTable(registered, '/base', (await readDocuments('/base')).keys());
  assert.deepEqual(
    sorted(Object.keys(contract.root.paths)),
    sorted([openApiPath, ...operations.map(({ route }) => route)]),
  );
  for (const path of Object.keys(contract.root.paths)) {
    const url = `/base${path.replace('{clusterId}', clusterId).replace('{peeringId}', clusterId)}`;
    const methods = documented(path).map(({ method }) => method);
    for (const method of methods) {
      const match = routes.match(method, url);
      const place = placeOf(path, method);
      const served = match.kind === 'operation' ? match.operation.id : match.kind;
      assert.equal(served, typeof place === 'string' ? place : place.id, `${method} ${path}`);
    }
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      if (methods.includes(method)) continue;
      const match = routes.match(method, url);
      assert.ok(match.kind === 'wrong-method', `${method} ${path} is served and not documented`);
      assert.deepEqual(sorted(match.allow.split(', ')), sorted(methods), `Allow for ${method} ${path}`);
    }
  }
});

test('every problem that a route can give stands there under its status, and no other does', () => {
  for (const { path, method, responses } of contract.operations) {
    const place = placeOf(path, method);
    const possible = codes
      .filter((code) => occursOn[code](place))
      .map((code) => `${rules[code]?.status} ${code}`);
    const found = documentedProblems(responses)
      .filter((line) => !isAerospikes(line.slice(4)))
      .map((line) => `${line.slice(0, 4)}${moreExamples[line.slice(4)] ?? line.slice(4)}`);
    assert.deepEqual(sorted(found), sorted(possible), `${method} ${path}`);
  }
});

/** The 200 of a create is a dry run's. */
const ownSuccesses: Readonly<Record<string, readonly string[]>> = {
  createVPCPeerings: ['200', '201'],
  getVPCPeerings: ['200'],
  getVPCPeering: ['200', '202'],
  deleteVPCPeerings: ['204'],
  listClusters: ['200'],
  getClusterById: ['200'],
  getFleet: ['200'],
  getEffectivePolicy: ['200', '304'],
};
/**
 * Answers of Aerospike Cloud that are passed on: a single peering is answered out of a list, and of what is said to the read
 * of it only a 4xx passes.
 */
const passedOnBy: Readonly<Record<string, readonly string[]>> = {
  createVPCPeerings: ['2XX', '4XX', '5XX'],
  getVPCPeerings: ['2XX', '4XX', '5XX'],
  getVPCPeering: ['4XX'],
  deleteVPCPeerings: ['2XX', '4XX', '5XX'],
  listClusters: ['4XX'],
  getClusterById: ['2XX', '4XX', '5XX'],
  getFleet: [],
  getEffectivePolicy: [],
};

test('every documented status is one that the gateway raises, or one of the upstream passed through', () => {
  assert.deepEqual(sorted(Object.keys(ownSuccesses)), sorted(operations.map(({ id }) => id)));
  const successes = (place: Place) => (typeof place === 'string' ? ['200'] : (ownSuccesses[place.id] ?? []));
  for (const { path, method, responses } of contract.operations) {
    const place = placeOf(path, method);
    const raised = codes.filter((code) => occursOn[code](place)).map((code) => rules[code]?.status);
    const passedOn = typeof place === 'string' ? [] : (passedOnBy[place.id] ?? []);
    const expected = [...raised.map(String), ...passedOn, ...successes(place)];
    assert.deepEqual(sorted(responses.keys()), sorted(expected), `${method} ${path}`);
  }
});

/** The gateway never says the rule's sentence alone here; `live-answers.test.ts` holds the examples against real answers. */
const saysMore: readonly ErrorCode[] = [
  'scope-missing',
  'method-not-allowed',
  'rate-limited',
  'vpc-peered-already',
  'upstream-unreachable',
  'upstream-broken',
  'upstream-timeout',
];

test('every rule of errors.ts has an example with its status, type, title and detail, and no example has none', () => {
  const examples: Readonly<Record<string, Example>> = contract.root.components.examples;
  const problems = Object.entries(examples).filter(([, { value }]) => String(value.type).startsWith('urn:'));
  const raised = problems.filter(([name]) => !isAerospikes(name));
  assert.deepEqual(sorted(raised.map(([name]) => name)), sorted([...codes, ...Object.keys(moreExamples)]));
  for (const [name, { value }] of raised) {
    const { status, type, detail } = rules[moreExamples[name] ?? name] as ErrorRule;
    assert.deepEqual([value.status, value.type, value.title], [status, type, problemTitles[type]], name);
    if (!saysMore.includes(name as ErrorCode)) assert.equal(value.detail, detail, name);
    assert.equal(value.message, value.detail, name);
    contract.assertValid(contract.root.components.schemas.GatewayProblem, value, name);
  }
});

test('the problem types of the document are those of errors.ts, and every example has one of them', () => {
  const types = Object.keys(problemTitles);
  assert.deepEqual(sorted(contract.root.components.schemas.ErrorType.enum), sorted(types));
  const named = JSON.stringify(contract.root.components.examples).match(/"type":"urn:[^"]*"/g) ?? [];
  assert.ok(named.length >= codes.length);
  for (const text of new Set(named))
    assert.ok(
      types.some((type) => text === `"type":"${type}"`),
      text,
    );
});
