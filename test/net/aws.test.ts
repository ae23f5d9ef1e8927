// The identifiers of AWS: each form is accepted whole, and nothing shorter, longer or around it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountIdPattern,
  cidrBlockPattern,
  connectionIdPattern,
  formed,
  isOfKnownPartition,
  regionPattern,
  uuidPattern,
  vpcIdPattern,
} from '../../src/net/aws.ts';

interface Form {
  readonly accepts: (text: string) => boolean;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const hex = (length: number) => '0123456789abcdef0'.slice(0, length);
const uuid = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';

const forms: Readonly<Record<string, Form>> = {
  'an account': {
    accepts: (text) => accountIdPattern.test(text),
    good: ['000000000000', '999999999999'],
    bad: ['', '11112222333', '1111222233334', '11112222333a', '١١١١٢٢٢٢٣٣٣٣'],
  },
  'a VPC': {
    accepts: (text) => vpcIdPattern.test(text),
    good: [`vpc-${hex(8)}`, `vpc-${hex(17)}`],
    bad: [
      `vpc-${hex(7)}`,
      `vpc-${hex(9)}`,
      `vpc-${hex(16)}`,
      `vpc-${hex(17)}0`,
      'vpc-0123456G',
      'vpc-ABCDEF01',
    ],
  },
  'a region': {
    accepts: (text) => regionPattern.test(text),
    good: ['us-east-1', 'us-gov-west-1', 'ap-southeast-12', 'eusc-de-east-1', `ab-${'c'.repeat(16)}-1`],
    bad: [
      ...[
        'us-east',
        'us-1',
        'useast1',
        'US-east-1',
        'us-East-1',
        'us-east-a',
        'us-east-123',
        'us--1',
        'u-east-1',
      ],
      ...[
        'us-e-1',
        `${'a'.repeat(9)}-east-1`,
        `us-${'c'.repeat(17)}-1`,
        'us-aa-bb-cc-dd-1',
        'us-east1',
        '1us-east-1',
      ],
    ],
  },
  'a region of a partition that AWS has': {
    accepts: isOfKnownPartition,
    good: [
      ...'af ap ca cn eu il me mx sa us eu-isoe eusc-de us-gov us-iso us-isob us-isof'
        .split(' ')
        .flatMap((partition) => [`${partition}-east-1`, `${partition}-e-12`]),
    ],
    bad: [
      'xx-east-1',
      'xus-east-1',
      'us-east-1x',
      'us-east-123',
      'us-east-',
      'us-1',
      'us-east-west-1',
      'us-EAST-1',
    ],
  },
  'a block, of which only the digits are counted': {
    accepts: (text) => cidrBlockPattern.test(text),
    good: ['0.0.0.0/0', '10.20.4.0/22', '999.999.999.999/99'],
    bad: [
      '10.20.4/22',
      '10.20.4.0',
      '10.20.4.0.0/22',
      '1000.20.4.0/22',
      '10.20.4.0/222',
      '10.20..0/22',
      '10.20.4.0/',
    ],
  },
  'a peering connection': {
    accepts: (text) => connectionIdPattern.test(text),
    good: [`pcx-${hex(8)}`, `pcx-${hex(17)}`],
    bad: [`pcx-${hex(7)}`, `pcx-${hex(17)}0`, 'pcx-0123456G', 'vpc-01234567'],
  },
  'a UUID': {
    accepts: (text) => uuidPattern.test(text),
    good: [uuid, uuid.toUpperCase(), '00000000-0000-0000-0000-000000000000'],
    bad: [
      ...uuid.split('').map((_, at) => uuid.slice(0, at) + uuid.slice(at + 1)),
      ...uuid.split('').map((_, at) => `${uuid.slice(0, at)}g${uuid.slice(at + 1)}`),
      ...uuid.split('').map((_, at) => `${uuid.slice(0, at)}0${uuid.slice(at)}`),
    ],
  },
};

for (const [what, { accepts, good, bad }] of Object.entries(forms)) {
  test(`${what} is a text of exactly its form`, () => {
    for (const text of good) {
      assert.ok(accepts(text), text);
      for (const around of [`-${text}`, ` ${text}`, `${text}x`, `${text} `, `${text}\n`, `${text}\n${text}`])
        assert.ok(!accepts(around), JSON.stringify(around));
    }
    for (const text of bad) assert.ok(!accepts(text), JSON.stringify(text));
  });
}

test('a value is formed if it is a text of the form', () => {
  assert.equal(formed('111122223333', accountIdPattern), '111122223333');
  for (const value of ['11112222333', 111122223333, ['111122223333'], null, undefined])
    assert.equal(formed(value, accountIdPattern), undefined);
});
