// Generates bodies of creates, from good ones over nearly good ones to garbage. They are made of JSON text rather than of
// values, so that members can stand twice and numbers can be such as JavaScript does not have.
import fc from 'fast-check';
import type { BodySpec, Edit } from './case.ts';
import { canary } from './case.ts';
import { anyText } from './texts.ts';

type Member = readonly [name: string, value: string];

const quoted = (text: string): string => JSON.stringify(text);
const byte = fc.nat(255).map((code) => String.fromCharCode(code));

/** Inside the policy but for a part of them; two of a run seldom overlap. */
const block = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(15))
      .map(([second, third, fourth]) => `10.${second}.${third}.${fourth * 16}/28`),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(0xffff_ffff), fc.nat(32)).map(([address, prefix]) => {
      const size = 2 ** (32 - prefix);
      const first = Math.floor(address / size) * size;
      return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefix}`;
    }),
  },
);

const goodMembers = block.map((cidrBlock): readonly Member[] => [
  ['"vpcId"', '"@VPC@"'],
  ['"cidrBlock"', quoted(cidrBlock)],
  ['"accountId"', '"111122223333"'],
  ['"region"', '"us-east-1"'],
  ['"isSecureConnection"', 'true'],
]);

const nearly: Readonly<Record<string, readonly string[]>> = {
  vpcId: [
    '"vpc-0123456789ABCDEF0"',
    '"vpc-0123456789abcdef"',
    '"vpc-0123456789abcdef0\\n"',
    '"vpc-01234567"',
  ],
  cidrBlock: [
    '"010.20.4.0/22"',
    '"10.20.4.1/22"',
    '"10.20.4.0/022"',
    '"999.1.1.1/99"',
    '"10.128.0.0/20"',
    '"10.129.0.0/28"',
    '"10.0.0.0/8"',
    '"10.0.0.0/15"',
    '"172.16.0.0/16"',
    '"172.32.0.0/16"',
    '"0.0.0.0/0"',
    '"10.20.4.0/22 "',
    '"\uff11\uff10.20.4.0/22"',
    '["10.20.4.0/22"]',
    '"::ffff:10.20.4.0/118"',
    '"10.20.1024/22"',
    '"0x0a.20.4.0/22"',
  ],
  accountId: [
    '111122223333',
    '1.11122223333e11',
    '"444455556666"',
    '"11112222333"',
    '"\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663"',
  ],
  region: [
    '"eu-west-1"',
    '"ap-south-1"',
    '"US-EAST-1"',
    '"us-gov-west-1"',
    '"us-east-1\\u0000"',
    '"us-east-1/../x"',
  ],
  isSecureConnection: ['false', '"true"', '1', 'null', '[true]', '{"valueOf":true}'],
};
const anyValue = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    'null',
    '-0',
    '1e999',
    '-1e-999',
    '1E400',
    `${'9'.repeat(400)}`,
    '""',
    '[]',
    '{}',
    '01',
    'NaN',
    "'a'",
  ),
  anyText(30).map(quoted),
  fc.constantFrom(
    `"${canary}"`,
    `["${canary}"]`,
    `"${'a'.repeat(9000)}"`,
    `"${'\\ud83d\\ude00'.repeat(700)}"`,
  ),
  fc
    .tuple(fc.constantFrom(10, 100, 1000, 4000), fc.boolean())
    .map(([depth, arrays]) =>
      arrays
        ? `${'['.repeat(depth)}${']'.repeat(depth)}`
        : `${'{"a":'.repeat(depth / 2)}1${'}'.repeat(depth / 2)}`,
    ),
);

const memberName = fc.constantFrom(...Object.keys(nearly));
const escapedName = memberName.map(
  (name) => `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`,
);
const unknownName = fc.oneof(
  fc.constantFrom(
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"VpcId"',
    '"vpcId "',
    '""',
    '"vpc\\u0000Id"',
    '"a~/b"',
  ),
  anyText(90).map(quoted),
);

type Change = (members: readonly Member[]) => readonly Member[];
const put =
  ([name, value]: Member, at: number): Change =>
  (members) =>
    members.toSpliced(at % (members.length + 1), 0, [name, value]);

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 5,
    arbitrary: memberName.chain((name) =>
      fc.constantFrom(...(nearly[name] ?? [])).map((value) => replace(name, value)),
    ),
  },
  { weight: 3, arbitrary: fc.tuple(memberName, anyValue).map(([name, value]) => replace(name, value)) },
  {
    weight: 2,
    arbitrary: memberName.map(
      (name): Change =>
        (members) =>
          members.filter(([other]) => other !== quoted(name)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(unknownName, anyValue, fc.nat()).map(([name, value, at]) => put([name, value], at)),
  },
  // A member twice, in one spelling or in two.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.oneof(memberName.map(quoted), escapedName),
        fc.oneof(anyValue, fc.constantFrom('"@VPC@"', 'true', '"us-east-1"')),
        fc.nat(),
      )
      .map(([name, value, at]) => put([name, value], at)),
  },
  // In another spelling, which is as good.
  {
    weight: 1,
    arbitrary: escapedName.map(
      (name): Change =>
        (members) =>
          members.map(([other, value]) => [
            other === quoted(JSON.parse(name) as string) ? name : other,
            value,
          ]),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(4).map(
      (by): Change =>
        (members) => [...members.slice(by), ...members.slice(0, by)],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(30, 400).map(
      (count): Change =>
        (members) => [
          ...members,
          ...Array.from({ length: count }, (_, index): Member => [`"m${index}"`, '0']),
        ],
    ),
  },
);

const replace =
  (name: string, value: string): Change =>
  (members) =>
    members.map(([other, old]) => [other, other === quoted(name) ? value : old]);

const space = fc.constantFrom('', '', '', ' ', '\n\t ', '\r\n', '\f', '\u00a0', '\ufeff', '/**/');
const write = (members: readonly Member[], between: string): string =>
  `{${members.map(([name, value]) => `${between}${name}:${between}${value}`).join(',')}}`;

export const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(70_000),
  op: fc.constantFrom('replace', 'insert', 'delete'),
  bytes: fc.oneof(
    byte,
    fc.constantFrom('\0', '\xff', '\xc0\xaf', '\xed\xa0\x80', '"', '\\', ',', '}', '\r\n', '\r\n\r\n'),
  ),
});

const sizes = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(16_383, 16_384, 16_385, 16_386, 20_000, 65_536) },
);

export const goodBody: fc.Arbitrary<BodySpec> = fc.record({
  text: goodMembers.map((members) => write(members, '')),
  edits: fc.constant([]),
  size: fc.constant(0),
});

export const hostileBody: fc.Arbitrary<BodySpec> = fc.record({
  text: fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(goodMembers, fc.array(change, { minLength: 1, maxLength: 3 }), space)
        .map(([members, changes, between]) =>
          write(
            changes.reduce((made, apply) => apply(made), members),
            between,
          ),
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(space, goodMembers, space)
        .map(([before, members, after]) => `${before}${write(members, '')}${after}`),
    },
    { weight: 2, arbitrary: anyValue },
    { weight: 1, arbitrary: anyText(100) },
    { weight: 1, arbitrary: goodMembers.map((members) => `[${write(members, '')}]`) },
    { weight: 1, arbitrary: goodMembers.map((members) => `${write(members, '')}${write(members, '')}`) },
  ),
  edits: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
  ),
  size: sizes,
});

export const noBody: BodySpec = { text: '', edits: [], size: 0 };
