// `openapi/gateway.yaml` against the code: what the one has and the other does not is a fault in either direction.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, type ErrorRule, errorRules, problemTitles } from '../../src/errors.ts';
import { createRegistry, effectivePolicyPath, openApiPath } from '../../src/http/route-table.ts';
import { clusterId, type Loose } from '../support/gateway.ts';
import { codeOperations, moreExamples, occursOn, type Place } from './code-operations.ts';
import { gatewayContract } from './contract-document.ts';

const contract = await gatewayContract();
const operations = await codeOperations();
const rules: Readonly<Record<string, ErrorRule>> = errorRules;
const codes = Object.keys(errorRules) as ErrorCode[];
const documented = (path: string) => contract.operations.filter((operation) => operation.path === path);
const sorted = (values: Iterable<string>) => [...new Set(values)].sort();
const isAerospikes = (name: string) => name.startsWith('aerospike-');

/** What the gateway itself has to tell, by the kind of its route. */
const own: Readonly<Record<string, 'document' | 'policy'>> = {
  [openApiPath]: 'document',
  [effectivePolicyPath]: 'policy',
};

function placeOf(path: string, method: string): Place {
  const place =
    own[path] ?? operations.find((candidate) => candidate.route === path && candidate.method === method);
  assert.ok(place, `${method} ${path}`);
  return place;
}

/** `status code` of every problem example that stands with the operation. */
const documentedProblems = (responses: ReadonlyMap<string, Loose>): string[] =>
  [...responses].flatMap(([status, { content }]) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}).map((name) => `${status} ${name}`),
  );

test('every operation of the code is documented with its method, route and name, and no other is', () => {
  const inCode = operations.map(({ method, route, id }) => `${method} ${route} ${id}`);
  const inDocument = contract.operations
    .filter(({ path }) => own[path] === undefined)
    .map(({ method, path, id }) => `${method} ${path} ${id}`);
  assert.ok(inCode.length > 0);
  assert.deepEqual(sorted(inDocument), sorted(inCode));
});

test('the registry serves each documented method of a route and refuses each other one with the documented ones', () => {
  const registry = createRegistry(operations, '/base');
  assert.deepEqual(
    sorted(Object.keys(contract.root.paths)),
    sorted([...Object.keys(own), ...operations.map(({ route }) => route)]),
  );
  for (const path of Object.keys(contract.root.paths)) {
    const url = `/base${path.replace('{clusterId}', clusterId).replace('{peeringId}', clusterId)}`;
    const methods = documented(path).map(({ method }) => method);
    for (const method of methods) {
      const kind = own[path] ?? 'operation';
      assert.equal(registry.match(method, url).kind, kind, `${method} ${path}`);
    }
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      if (methods.includes(method)) continue;
      const match = registry.match(method, url);
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
const ownSuccesses = { create: ['200', '201'], list: ['200'], get: ['200', '202'], delete: ['204'] } as const;
/** A single peering is answered out of a list; of what is said to the look only a 4xx passes. */
const passedOnBy = (kind: keyof typeof ownSuccesses) => (kind === 'get' ? ['4XX'] : ['2XX', '4XX', '5XX']);

test('every documented status is one that the gateway raises, or one of the upstream passed through', () => {
  const successes = (path: string, method: string) => {
    if (path === effectivePolicyPath) return ['200', '304'];
    const place = placeOf(path, method);
    return typeof place === 'string' ? ['200'] : ownSuccesses[place.kind];
  };
  for (const { path, method, responses } of contract.operations) {
    const place = placeOf(path, method);
    const raised = codes.filter((code) => occursOn[code](place)).map((code) => rules[code]?.status);
    const passedOn = typeof place === 'string' ? [] : passedOnBy(place.kind);
    const expected = [...raised.map(String), ...passedOn, ...successes(path, method)];
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
  const examples: Record<string, Loose> = contract.root.components.examples;
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
