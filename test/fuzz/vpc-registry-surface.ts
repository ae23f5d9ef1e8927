// Hostile texts in place of the VPC registry, read with a policy that names it. Which rows are faults, and what the others
// say, is read a second time here, by one expression a row.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VpcRegistry } from '../../src/net/vpc-registry.ts';
import { describePolicyFault } from '../../src/policy/engine/policy-data.ts';
import { parsePolicy } from '../../src/policy/language/parse-policy.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { edit } from './bodies.ts';
import { readNetwork } from './create-body.ts';
import { assertUnpolluted, bytesOf, type Surface, type TextCase } from './surface.ts';
import { anyText } from './texts.ts';

const quotable = (pattern: string): string => `(?:"(${pattern})"|(${pattern}))`;
const region = '[a-z]{2,8}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}';
const row = new RegExp(
  `^${['vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})', '[0-9]{12}', region, '[0-9./;]+'].map(quotable).join(',')}$`,
);
const header = /^(?:"vpcid"|vpcid)(?:,|$)/i;
const maxFaults = 50;
const maxBlocks = 50;

interface Reading {
  /** Their numbers. */
  readonly faults: number[];
  readonly vpcs: Map<string, readonly string[]>;
}

function readRows(bytes: Buffer): Reading {
  const faults: number[] = [];
  const vpcs = new Map<string, readonly string[]>();
  const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  const lines = text.split('\n');
  let isFirst = true;
  for (const [index, whole] of lines.entries()) {
    const line = index < lines.length - 1 ? whole.replace(/\r$/, '') : whole;
    if (line === '' || line.startsWith('#') || faults.length === maxFaults) continue;
    const isHeader = isFirst && header.test(line);
    isFirst = false;
    if (isHeader) continue;
    const [vpcId = '', ...values] =
      row
        .exec(line)
        ?.slice(1)
        .filter((value) => value !== undefined) ?? [];
    const blocks = values[2]?.split(';') ?? [];
    const isGood = vpcId !== '' && blocks.length <= maxBlocks && blocks.every((block) => readNetwork(block));
    if (isGood && !vpcs.has(vpcId)) vpcs.set(vpcId, values);
    else faults.push(index + 1);
  }
  return { faults, vpcs };
}

const oneOf = (...values: readonly string[]) => fc.constantFrom(...values);
const mostly = (good: fc.Arbitrary<string>, ...bad: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 60, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...bad) });

const vpcId = mostly(
  fc
    .tuple(fc.nat(400), fc.constantFrom(8, 17))
    .map(([id, digits]) => `vpc-${id.toString(16).padStart(digits, '0')}`),
  ...['vpc-1', 'VPC-00000001', 'vpc-0000000g', 'vpc-000000001', '', 'vpcId', '__proto__', 'vpc-00000001 '],
);
const accountId = mostly(
  oneOf('111122223333', '000000000000'),
  ...['11112222333', '1111222233334', '1.1e11', '', '１11122223333', '111122223333\u0000'],
);
const regionName = mostly(
  oneOf('us-east-1', 'us-gov-west-1', 'eusc-de-east-1', 'xx-yy-99'),
  'useast1',
  'US-EAST-1',
  'us-east-',
  '',
);
const network = mostly(
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.${a}.${b}.0/24`),
  ...[
    '10.0.0.1/24',
    '10.0.0.0/33',
    '010.0.0.0/8',
    '10.0.0/8',
    '',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/8 ',
    '256.0.0.0/8',
  ],
);
const blocks = fc.oneof(
  { weight: 20, arbitrary: fc.array(network, { minLength: 1, maxLength: 4 }).map((all) => all.join(';')) },
  { weight: 1, arbitrary: fc.constantFrom(50, 51).map((count) => Array(count).fill('10.0.0.0/8').join(';')) },
);
const spelling = fc.constantFrom(
  ...[(text: string) => text, (text: string) => text, (text: string) => text, (text: string) => `"${text}"`],
  ...[(text: string) => `"${text}`, (text: string) => ` ${text}`, (text: string) => `""${text}""`],
);
const rowText = fc
  .tuple(vpcId, accountId, regionName, blocks, fc.array(fc.tuple(fc.nat(3), spelling), { maxLength: 2 }))
  .map(([id, account, place, cidrs, spellings]) =>
    spellings
      .reduce(
        (fields, [at, spell]) => fields.with(at, spell(fields[at] as string)),
        [id, account, place, cidrs],
      )
      .join(','),
  );
const lineText = fc.oneof(
  { weight: 20, arbitrary: rowText },
  {
    weight: 1,
    arbitrary: oneOf('', '# comment', '#', ' ', ',,,', '\r', 'vpcId,accountId,region,cidr', '"vpcid",a'),
  },
  { weight: 1, arbitrary: anyText(40) },
);
const lines = fc
  .tuple(
    oneOf('', '', '\ufeff', 'vpcId,accountId,region,cidr\n', '# of AWS IPAM\r\nVPCID\n', '\n\n"vpcId"\n'),
    fc.array(fc.tuple(lineText, oneOf('\n', '\n', '\n', '\r\n', '\r', '\n\n')), { maxLength: 12 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: rowText }),
  )
  .map(([first, middle, last]) => `${first}${middle.flat().join('')}${last}`);

const many = fc
  .tuple(
    oneOf(
      'vpc-@@@@@@@@,111122223333,us-east-1,10.0.0.0/8\n',
      'vpc-00000001,111122223333,us-east-1,10.0.0.0/8\n',
      ',',
      '\n',
      '#\n',
      '"',
      '\r',
      ';',
    ),
    fc.constantFrom(60, 1000, 3000),
  )
  .map(([text, times]): TextCase['parts'][number] => [text, times]);

const policyText = Buffer.from(`${guardrailsOnly}vpcs: { file: vpcs.csv }\n`);

export const vpcRegistrySurface: Surface<TextCase> = {
  arbitrary: fc.oneof(
    { weight: 12, arbitrary: lines.map((text): TextCase => ({ parts: [[text, 1]], edits: [] })) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(lines, fc.array(edit, { minLength: 1, maxLength: 3 }))
        .map(([text, edits]): TextCase => ({ parts: [[text, 1]], edits })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(lines, many, lines)
        .map(([before, parts, after]): TextCase => ({ parts: [[before, 1], parts, [after, 1]], edits: [] })),
    },
  ),
  size: (fuzz) => bytesOf(fuzz).length,
  check: (fuzz) => Promise.resolve(check(bytesOf(fuzz))),
  stop: () => Promise.resolve(),
};

function check(bytes: Buffer): string {
  const loaded = parsePolicy({ path: 'p', bytes: policyText, readList: () => bytes }, 0);
  const expected = readRows(bytes);
  assertUnpolluted();
  const told = loaded.faults?.map(describePolicyFault) ?? [];
  const places = told.map((fault) => /^vpcs\.csv:(\d+):1: ./.exec(fault)?.[1]);
  if (expected.faults.length > 0) {
    assert.deepEqual(places.map(Number), expected.faults, told.join('\n'));
    return 'refused';
  }
  if (expected.vpcs.size === 0) {
    assert.match(told.join('\n'), /^p:\d+:\d+: \/vpcs\/file names a list without a VPC[^\n]*$/);
    return 'refused as empty';
  }
  assert.ok(loaded.faults === undefined && loaded.data.vpcs !== undefined, told.join('\n'));
  const registry = new VpcRegistry(loaded.data.vpcs);
  for (const [id, values] of expected.vpcs) {
    const found = registry.find(id);
    const spelled = found?.blocks.map(({ first, prefix }) => `${dotted(first)}/${prefix}`).join(';');
    assert.deepEqual([found?.accountId, found?.region, spelled], values);
    for (const other of [`${id}0`, id.slice(0, -1), `${id},`, id.replace('vpc-0', 'vpc-f')])
      assert.equal(registry.find(other) !== undefined, expected.vpcs.has(other), other);
  }
  return 'accepted';
}

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
