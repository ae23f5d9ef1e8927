// Hostile texts in place of AUTH_ISSUERS_FILE. What is put together from good values is accepted, with one bad value it is
// refused, and every fault has its place in the text; nothing makes the reader throw, hang or repeat a value.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readIssuersFile } from '../../src/config/issuers-file.ts';
import { edit } from './bodies.ts';
import { canary } from './case.ts';
import { assertUnpolluted, bytesOf, type Surface, type TextCase } from './surface.ts';
import { anyText } from './texts.ts';

export interface IssuersCase extends TextCase {
  /** The issuers of a good file in their order, `refused` for a bad one; left out where nobody knows. */
  readonly expected?: readonly string[] | 'refused';
}

/** A member as JSON, and whether it may be there. */
type Member = readonly [name: string, value: string, isGood: boolean];

const pick = (name: string, good: readonly string[], bad: readonly string[]): fc.Arbitrary<Member> =>
  fc.oneof(
    { weight: 24, arbitrary: fc.constantFrom(...good).map((value): Member => [name, value, true]) },
    { weight: 1, arbitrary: fc.constantFrom(...bad).map((value): Member => [name, value, false]) },
  );

const issuer = pick(
  'issuer',
  [
    ...[
      '"https://a.example"',
      '"https://a.example/"',
      '"https://b.example/realm"',
      '"https://c.example:8443"',
    ],
    ...['"http://127.0.0.1:8081"', '"http://localhost/x"', '"http://[::1]:1/"', '"https://\\u0064.example"'],
  ],
  [
    ...['"http://a.example"', '"https://a.example?x=1"', '"https://a.example#x"', '"https://a b.example"'],
    ...[`"https://u:${canary}@a.example"`, '"http://127.0.0.1.evil.example"', '"https:\\\\\\\\a.example"'],
    ...['""', '"a.example"', '7', 'null', '{}', '["https://a.example"]', `"${canary}"`, '"https://"'],
  ],
);
const names = (name: string) =>
  pick(
    name,
    ['["a"]', '["a","b"]', '["https://peergate.example"]', `["${'n'.repeat(500)}"]`, '["\\u00e9"]'],
    [
      ...['[]', '"a"', '["a","a"]', '[""]', '["a\\n"]', '["a\\u0000"]', '[1]', '[null]', '[["a"]]', 'null'],
      ...[`["${'n'.repeat(501)}"]`, `{"0":"${canary}"}`, '{"length":1}'],
    ],
  );
const scopes = pick('scopes', ['"none"'], ['"some"', 'null', '["none"]', '"none "', `"${canary}"`]);
const jwksUri = pick(
  'jwksUri',
  ['"https://k.example/keys"', '"https://k.example/keys?x=1"', '"http://127.0.0.2/keys"'],
  ['"http://k.example"', `"https://u:${canary}@k.example"`, '"file:///keys"', '""', '1'],
);
const jwksFile = pick('jwksFile', ['"keys.json"', '"/keys.json"', '"../k"'], ['""', '"a\\u0007"', '[]', '2']);
const algorithms = pick(
  'algorithms',
  ['["RS256"]', '["EdDSA","PS384"]', '["Ed25519"]', '["ES512","ES512"]'],
  ['["HS256"]', '["none"]', '["RS256,ES256"]', '[]', '"RS256"', '[null]', `["${canary}"]`, '["Ed448"]'],
);
const tokenType = pick('tokenType', ['"at+jwt"'], ['"jwt"', '"AT+JWT"', 'null', '[]', `"${canary}"`]);

const strange = fc
  .tuple(
    fc.constantFrom(
      ...['"__proto__"', '"constructor"', '"toString"', '"hasOwnProperty"', '"issuer "', '"Issuer"', '""'],
      ...['"<<"', '"a~/b"', '"clientSecret"', `"${'k'.repeat(2000)}"`, '"\\u0000"', '"0"', '"length"'],
    ),
    fc.constantFrom('{}', 'null', '{"issuer":"https://a.example"}', '1e999', `"${canary}"`, '[[]]'),
  )
  .map(([name, value]): Member => [JSON.parse(name) as string, value, false]);

const optional = (member: fc.Arbitrary<Member>) => fc.option(member, { freq: 3, nil: undefined });
const extra = fc.oneof(
  { weight: 40, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: strange },
  { weight: 1, arbitrary: fc.oneof(issuer, names('clients'), names('audiences')) },
);

interface Entry {
  readonly members: readonly Member[];
  readonly isGood: boolean;
  readonly url: string;
}

const entry: fc.Arbitrary<Entry> = fc
  .tuple(
    issuer,
    fc.oneof({ weight: 3, arbitrary: names('audiences') }, { weight: 1, arbitrary: names('clients') }),
    ...[scopes, jwksUri, jwksFile, algorithms, tokenType].map(optional),
    extra,
    fc.nat(7),
  )
  .map((drawn) => {
    const turn = drawn.at(-1) as number;
    const all = (drawn.slice(0, -1) as (Member | undefined)[]).filter((member) => member !== undefined);
    const members = [...all.slice(turn % all.length), ...all.slice(0, turn % all.length)];
    const named = members.map(([name]) => name);
    const has = (name: string) => named.includes(name);
    const isGood =
      members.every(([, , good]) => good) &&
      new Set(named).size === named.length &&
      has('audiences') !== has('clients') &&
      !(has('clients') && has('tokenType')) &&
      !(has('jwksUri') && has('jwksFile'));
    const url = all.find(([name]) => name === 'issuer')?.[1] ?? '';
    return { members, isGood, url };
  });

/** The same document laid out in several ways. */
const layouts: readonly ((entries: readonly Entry[], around: readonly Member[]) => string)[] = [
  (entries, around) => object([['issuers', `[${entries.map(flow).join()}]`, true], ...around]),
  (entries, around) =>
    `${entries.length === 0 ? 'issuers: []\n' : `issuers:\n${entries.map(block).join('')}`}${around.map(line).join('')}`,
  (entries, around) =>
    `# issuers\n---\nissuers: [\n${entries.map((one) => `  ${flow(one)}`).join(',\n')}\n  ]\n${around.map(line).join('')}`,
];
const object = (members: readonly Member[]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`;
const flow = ({ members }: Entry): string => object(members);
const line = ([name, value]: Member): string => `${JSON.stringify(name)}: ${value}\n`;
const block = ({ members }: Entry): string =>
  members.map((member, index) => `${index === 0 ? '- ' : '  '}${line(member)}`).join('');

/** Of the whole document: values, and one place too many for a member. */
const whole: fc.Arbitrary<IssuersCase> = fc
  .tuple(
    fc.array(entry, { maxLength: 4 }),
    fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: strange.map((one) => [one]) },
    ),
    fc.constantFrom(...layouts),
  )
  .map(([entries, around, layout]) => {
    const urls = entries.map(({ url }) => url);
    const isGood =
      entries.length > 0 &&
      around.length === 0 &&
      entries.every((one) => one.isGood) &&
      new Set(urls).size === urls.length;
    return {
      parts: [[layout(entries, around), 1]],
      edits: [],
      expected: isGood ? urls.map((url) => JSON.parse(url) as string) : 'refused',
    };
  });

const edited = fc
  .tuple(whole, fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([{ parts }, edits]): IssuersCase => ({ parts, edits }));

/** What a reader may take long for, or too deep: each of these very often. */
const units = [
  ...[
    'k@@@@@: 1\n',
    'k: 1\n',
    '  k@@@@@: 1\n',
    '- @\n',
    '- ',
    '[',
    '{',
    '{a: ',
    '? ',
    '- - ',
    ': ',
    ', ',
    '\n',
  ],
  ...[
    '&a@@@@@ ',
    '*a@@@@@ ',
    '- &a@@@@@ x\n',
    '- *a\n',
    '"',
    "'",
    '\\',
    '"\\u0041"',
    '#\n',
    '# x\n',
    ' ',
    '\t',
  ],
  ...[
    '!!t ',
    '!t@ x\n',
    '%YAML 1.2\n',
    '%TAG ! !\n',
    '---\n',
    '...\n',
    '|\n',
    '>-\n ',
    '{a: 1}, ',
    '[]: ',
    'a: {b: [',
  ],
  ...[
    '- issuer: https://i@@@@@.example\n  audiences: [a]\n',
    '- issuer: http://i@@@@@\n  k@@@@@: []\n',
    '{"a":1,',
  ],
  ...[
    '- {issuer: https://i.example, audiences: [a]}\n',
    '"k@@@@@": 1, ',
    '<<: ',
    '- audiences: [',
    'é',
    '\u2028',
  ],
] as const;
const maxBytes = 150_000;

const repeated: fc.Arbitrary<IssuersCase> = fc
  .tuple(
    fc.constantFrom(
      '',
      'issuers:\n',
      'issuers: [',
      '{',
      '{"issuers": [',
      'a: &a x\nissuers:\n',
      '- &a x\n',
      'x: "',
    ),
    fc.array(fc.tuple(fc.constantFrom(...units), fc.constantFrom(1, 3, 40, 500, 5000)), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.constantFrom('', '\n', ']', '}', '"', 'issuers: [{issuer: https://a.example, audiences: [a]}]\n'),
  )
  .map(([before, middle, after]) => ({
    parts: [
      [before, 1],
      ...middle.map(
        ([text, times]) => [text, Math.min(times, Math.floor(maxBytes / 4 / text.length))] as const,
      ),
      [after, 1],
    ],
    edits: [],
  }));

const loose: fc.Arbitrary<IssuersCase> = fc
  .tuple(fc.oneof(fc.json({ maxDepth: 4 }), anyText(120)), fc.array(edit, { maxLength: 2 }))
  .map(([text, edits]) => ({ parts: [[text, 1]], edits }));

const file = '/etc/peergate/issuers.yaml';

export const issuersSurface: Surface<IssuersCase> = {
  arbitrary: fc.oneof(
    { weight: 12, arbitrary: whole },
    { weight: 8, arbitrary: edited },
    { weight: 3, arbitrary: loose },
    { weight: 1, arbitrary: repeated },
  ),
  size: (fuzz) => bytesOf(fuzz).length,
  async check(fuzz) {
    const bytes = bytesOf(fuzz);
    const read = await Promise.resolve(readIssuersFile(file, bytes));
    assertUnpolluted();
    if (read.faults !== undefined) {
      assert.ok(!Array.isArray(fuzz.expected), `a good file was refused: ${read.faults[0]}`);
      assertPlaces(read.faults, bytes.toString());
      // What a person put into a wrong place may be a secret. In a text without a form every word may be the name of a member.
      if (fuzz.expected !== undefined)
        assert.ok(!read.faults.join('\n').includes(canary), 'a value came out');
      return 'refused';
    }
    assert.notEqual(fuzz.expected, 'refused', `a bad file was accepted: ${bytes}`);
    const urls = read.issuers.map((accepted) => accepted.issuer);
    if (fuzz.expected !== undefined) assert.deepEqual(urls, fuzz.expected);
    assert.ok(urls.length > 0 && new Set(urls).size === urls.length, 'issuers, each once');
    for (const { audiences, clients, algorithms: accepted } of read.issuers) {
      assert.ok((audiences ?? clients ?? []).length > 0 && accepted.length > 0, 'an issuer with rules');
      assert.ok(!accepted.some((name) => /^(?:HS|none)/i.test(name)), 'asymmetric signatures only');
    }
    return 'accepted';
  },
  stop: () => Promise.resolve(),
};

/** Each names a line and a column that the text has. */
function assertPlaces(faults: readonly string[], text: string): void {
  assert.ok(faults.length > 0, 'refused without a fault');
  const lines = text.split('\n');
  for (const fault of faults) {
    const [, at, column] = /^\/etc\/peergate\/issuers\.yaml:(\d+):(\d+): ./.exec(fault) ?? [];
    const found = lines[Number(at) - 1];
    assert.ok(found !== undefined && Number(column) >= 1 && Number(column) <= found.length + 2, fault);
  }
}
