// `AUTH_ISSUERS_FILE` and the settings that it replaces: read as a whole, every fault at once, each at its place.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { issuersJsonSchema } from '../../scripts/json-schemas.ts';
import { loadIssuersFile } from '../../src/config/issuers-file.ts';
import { describeFault, type Environment, loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const others = { AEROSPIKE_CLIENT_ID: 'id', AEROSPIKE_CLIENT_SECRET: 'secret', POLICY_FILE: 'policy.yaml' };
const load = (environment: Environment) => loadConfig({ ...others, ...environment });

function issuersOf(environment: Environment) {
  const loaded = load(environment);
  assert.ok(!('faults' in loaded), JSON.stringify(loaded));
  return loaded.config.auth.issuers;
}

function faultsOf(environment: Environment): string[] {
  const loaded = load(environment);
  return 'faults' in loaded ? loaded.faults.map(describeFault) : [];
}

async function fileOf(text: string): Promise<string> {
  const file = join(temporaryFolder(), 'issuers.yaml');
  await writeFile(file, text);
  return file;
}

const documented = `issuers:
  - issuer: https://idp.acme.example/
    audiences: [https://peergate.acme.example]
  - issuer: https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example
    clients: [1example23456789]
  - issuer: https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE
    audiences: [peergate, other]
    scopes: none
    jwksFile: keys/eks.json
    algorithms: [EdDSA, ES384]
`;

test('each issuer of the file has its own rules, and the defaults of the settings', async () => {
  const file = await fileOf(documented);
  const [idp, cognito, eks, ...more] = issuersOf({ AUTH_ISSUERS_FILE: file });
  assert.equal(more.length, 0);
  const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
  assert.deepEqual(idp, {
    issuer: 'https://idp.acme.example/',
    audiences: ['https://peergate.acme.example'],
    clients: undefined,
    scopes: 'required',
    jwksUri: undefined,
    jwksFile: undefined,
    algorithms,
    tokenType: undefined,
  });
  assert.deepEqual([cognito?.audiences, cognito?.clients], [undefined, ['1example23456789']]);
  assert.equal(eks?.scopes, 'none');
  assert.equal(eks?.jwksFile, join(file, '../keys/eks.json'));
  assert.deepEqual(eks?.algorithms, ['EdDSA', 'ES384', 'Ed25519']);
});

test('every fault is reported at once with its position, beside those of other settings', async () => {
  const file = await fileOf(
    `issuers:
  - issuer: http://idp.acme.example
    audiences: []
  - audiences: [a]
    clients: [b]
    issuer: https://b.example
  - issuer: https://c.example
  - { issuer: https://d.example, clients: [c], tokenType: at+jwt }
  - { issuer: https://e.example, audiences: [a, a], algorithms: [HS256, "RS256,ES256"], scope: none, scopes: some }
  - { issuer: https://f.example, audiences: ["a\\nb"], jwksUri: "http://f.example/keys" }
  - { issuer: https://g.example, audiences: [a], jwksUri: "https://g.example/keys", jwksFile: keys.json }
`,
  );
  const faults = faultsOf({ AUTH_ISSUERS_FILE: file, PORT: 'x' });
  const expected = [
    /^AUTH_ISSUERS_FILE: found .*issuers\.yaml:2:13: \/issuers\/0\/issuer must be an https URL/,
    /3:16: \/issuers\/0\/audiences must not be empty/,
    /4:5: \/issuers\/1 must have one of audiences and clients/,
    /7:5: \/issuers\/2 must have one of audiences and clients/,
    /\/issuers\/3\/tokenType cannot be there with clients/,
    /\/issuers\/4\/audiences must name each value once/,
    /\/issuers\/4\/algorithms\/0 is not accepted here/,
    /\/issuers\/4\/algorithms\/1 is not accepted here/,
    /\/issuers\/4\/scope is not a member here/,
    /\/issuers\/4\/scopes must be none/,
    /\/issuers\/5\/audiences\/0 must not have control characters/,
    /\/issuers\/5\/jwksUri must be an https URL/,
    /\/issuers\/6\/jwksFile cannot be there with jwksUri/,
    /^PORT: /,
  ];
  for (const each of expected)
    assert.ok(
      faults.some((fault) => each.test(fault)),
      `${each}\n${faults.join('\n')}`,
    );
  assert.equal(faults.length, expected.length, faults.join('\n'));
});

test('no issuer, one twice, or a file that is none is a fault', async () => {
  const of = async (text: string) => loadIssuersFile(await fileOf(text)).faults?.join('\n') ?? '';
  assert.match(await of('issuers: []\n'), /\/issuers must not be empty/);
  assert.match(await of('{}\n'), /\/issuers is required/);
  const one = '{ issuer: https://a.example, audiences: [a] }';
  assert.match(await of(`issuers: [${one}, ${one}]\n`), /\/issuers\/1\/issuer is listed already/);
  assert.match(await of('issuers: [\n'), /issuers\.yaml:\d/);
  const folder = join(temporaryFolder(), 'folder');
  await mkdir(folder);
  assert.match(faultsOf({ AUTH_ISSUERS_FILE: folder }).join(), /AUTH_ISSUERS_FILE: .*EISDIR/);
  assert.match(faultsOf({ AUTH_ISSUERS_FILE: `${folder}/gone` }).join(), /AUTH_ISSUERS_FILE: .*ENOENT/);
});

test('the file replaces the settings of a single rule for all, and both is a fault for each of them', async () => {
  const file = await fileOf(documented);
  const both = {
    AUTH_ISSUERS_FILE: file,
    AUTH_ISSUERS: 'https://idp.acme.example',
    AUTH_AUDIENCE: 'a',
    AUTH_JWKS_URI: 'https://idp.acme.example/keys',
    AUTH_ALGORITHMS: 'RS256',
    AUTH_TOKEN_TYPE: 'at+jwt',
  };
  const faults = faultsOf(both);
  for (const name of Object.keys(both).slice(1))
    assert.ok(
      faults.includes(`${name}: found a value beside AUTH_ISSUERS_FILE; expected one of the two`),
      name,
    );
  assert.equal(faults.length, 5);
  assert.deepEqual(faultsOf({ AUTH_ISSUERS_FILE: file, AUTH_SCOPE_CREATE: 'create' }), []);
});

test('without the file AUTH_ISSUERS and AUTH_AUDIENCE are required, and a token may carry any of several audiences', () => {
  assert.deepEqual(
    faultsOf({}).map((fault) => fault.split(':')[0]),
    ['AUTH_ISSUERS', 'AUTH_AUDIENCE'],
  );
  const issuers = 'https://a.example,https://b.example';
  const [a, b] = issuersOf({ AUTH_ISSUERS: issuers, AUTH_AUDIENCE: 'api://peergate, peergate' });
  assert.deepEqual(a?.audiences, ['api://peergate', 'peergate']);
  assert.deepEqual(b?.audiences, a?.audiences);
  for (const audience of ['a,', ',', 'a,,b', 'a,a', 'a\u0007'])
    assert.match(
      faultsOf({ AUTH_ISSUERS: issuers, AUTH_AUDIENCE: audience }).join(),
      /^AUTH_AUDIENCE: found .*; expected comma-separated/,
      audience,
    );
});

test('the schema for editors is the one that the code makes, and accepts the documented file', () => {
  const published = readFileSync(new URL('../../openapi/issuers.schema.json', import.meta.url), 'utf8');
  assert.equal(published, issuersJsonSchema());
  const accepts = new Ajv2020({ strict: true, strictRequired: false }).compile(JSON.parse(published));
  assert.ok(accepts(parse(documented)), JSON.stringify(accepts.errors));
  for (const bad of ['issuers: []', 'issuers: [{ issuer: https://a.example }]', '{}'])
    assert.ok(!accepts(parse(bad)), bad);
});

test('a file that is made to exhaust the reader, or says more than it shows, is refused whole', async () => {
  const refused = async (text: string) => loadIssuersFile(await fileOf(text)).faults ?? [];
  const tenfold = (of: string) => `[${Array(10).fill(of).join(', ')}]`;
  const bomb = Array.from(
    { length: 9 },
    (_, number) => `a${number + 1}: &a${number + 1} ${tenfold(`*a${number}`)}`,
  );
  assert.match(
    (await refused(`a0: &a0 x\n${bomb.join('\n')}\nissuers: *a9\n`)).join(),
    /stand for more than 16 MiB/,
  );
  assert.ok((await refused(`issuers: ${'['.repeat(20_000)}`)).length > 0);
  const one = '{ issuer: https://a.example, audiences: [a] }';
  for (const [text, fault] of [
    [`issuers: [${one}]\n---\nissuers: []\n`, /multiple documents/],
    ['issuers: !!js/function "x"\n', /Unresolved tag/],
    [
      `base: &base { audiences: [a] }\nissuers: [{ <<: *base, issuer: https://a.example }]\n`,
      /<< is not a member/,
    ],
    [`__proto__: {}\nissuers: [${one}]\n`, /__proto__ is not a member/],
    [
      'issuers: [{ "__proto__": { issuer: https://a.example, audiences: [a] } }]\n',
      /__proto__ is not a member/,
    ],
  ] as const)
    assert.match((await refused(text)).join('\n'), fault);
});

test('an issuer by http, with credentials, or on a host that only looks like loopback is refused', async () => {
  for (const url of [
    'http://idp.acme.example',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.1@evil.example',
    'http://localhost.evil.example',
    'https://user:password@idp.acme.example',
    'https://idp.acme.example#x',
    'https://idp.acme.example?x=1',
    ' https://idp.acme.example',
    'https:\\\\idp.acme.example',
    'https://idp.acme.example/'.padEnd(513, 'x'),
    'https://idp.acme.example/\u0001',
    'https://idp.acme.example/\ud800',
  ]) {
    const file = await fileOf(JSON.stringify({ issuers: [{ issuer: url, audiences: ['a'] }] }));
    assert.match(
      loadIssuersFile(file).faults?.join() ?? '',
      /\/issuers\/0\/issuer must be an https URL/,
      url,
    );
  }
});
