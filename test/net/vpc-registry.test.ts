// The registry finds every VPC that it was given, with all of its values, and no other; and stops reading at its bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIpv4Network } from '../../src/net/ipv4.ts';
import { readVpcTable, VpcRegistry } from '../../src/net/vpc-registry.ts';

const read = (text: string) => readVpcTable(Buffer.from(text));
const digits = fc.constantFrom(...'0123456789abcdef');
const vpcId = fc
  .oneof(
    fc.string({ unit: digits, minLength: 8, maxLength: 8 }),
    fc.string({ unit: digits, minLength: 17, maxLength: 17 }),
    // Ids of which one begins like the other.
    fc
      .string({ unit: fc.constantFrom('0', 'f'), minLength: 9, maxLength: 9 })
      .map((tail) => `01234567${tail}`),
    fc.constant('01234567'),
  )
  .map((id) => `vpc-${id}`);
const values = fc.record({
  accountId: fc.constantFrom('111122223333', '999999999999', '000000000000'),
  region: fc.constantFrom('us-east-1', 'us-gov-west-1'),
  blocks: fc.array(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '192.168.7.0/24', '0.0.0.0/0'), {
    minLength: 1,
    maxLength: 5,
  }),
});

test('every VPC of a file is found with its own values, in whatever order they stand, and no other one', () => {
  const rows = fc.uniqueArray(fc.tuple(vpcId, values), { selector: ([id]) => id, maxLength: 30 });
  fc.assert(
    fc.property(rows, vpcId, (given, other) => {
      const text = given.map(
        ([id, { accountId, region, blocks }]) => `${id},${accountId},${region},${blocks.join(';')}\n`,
      );
      const { table, faults } = read(text.join(''));
      assert.deepEqual(faults, []);
      const registry = new VpcRegistry(table);
      for (const [id, { accountId, region, blocks }] of given) {
        const found = registry.find(id);
        assert.ok(found !== undefined, id);
        assert.deepEqual([found.accountId, found.region], [accountId, region]);
        assert.deepEqual(found.blocks, blocks.map(parseIpv4Network));
        for (const block of found.blocks) assert.ok(found.addresses.contains(block));
      }
      if (!given.some(([id]) => id === other)) assert.equal(registry.find(other), undefined);
      for (const part of ['', 'vpc-', 'vpc-zzzzzzzz', 'vpc-0123456'])
        assert.equal(registry.find(part), undefined);
    }),
    { numRuns: 300 },
  );
});

test('only the first row can be a header, in whatever case and quoted or not', () => {
  const row = 'vpc-01234567,111122223333,us-east-1,10.0.0.0/8\n';
  for (const header of ['vpcId,a', 'VPCID', '"vpcid","b"', '# x\n\nvpcid']) {
    assert.deepEqual(read(`${header}\n${row}`).faults, [], header);
    assert.equal(read(`${row}${header}\n`).faults.length, 1, header);
  }
  assert.equal(read(`vpcId\nvpcId\n${row}`).faults.length, 1);
  assert.equal(read(`xvpcId\n${row}`).faults.length, 1);
});

test('a comment and an empty line are passed over, and count as lines', () => {
  const { faults } = read('\uFEFF# x\r\n\r\n\nx,#\n #\n');
  assert.deepEqual(
    faults.map(({ line }) => line),
    [4, 5],
  );
});

test('a quotation mark belongs to a value unless it stands around all of it', () => {
  const [fields] = [['vpc-01234567', '111122223333', 'us-east-1', '10.0.0.0/8']];
  const quoted = (at: number, open: string, close: string) =>
    read(fields.map((field, index) => (index === at ? open + field + close : field)).join(','));
  for (const at of fields.keys()) {
    assert.deepEqual(quoted(at, '"', '"').faults, []);
    for (const [open, close] of [
      ['"', ''],
      ['', '"'],
      ['x"', '"'],
      ['"', '"x'],
      ['""', '""'],
    ] as const)
      assert.equal(quoted(at, open, close).faults.length, 1, `${open}…${close}`);
  }
});

test('of many bad rows fifty are named, and fifty blocks are the most that a VPC can have', () => {
  const { faults } = read('x\n'.repeat(60));
  assert.deepEqual([faults.length, faults.at(-1)?.line], [50, 50]);
  const blocks = (count: number) =>
    read(`vpc-01234567,111122223333,us-east-1,${'10.0.0.0/8;'.repeat(count).slice(0, -1)}`).faults;
  assert.deepEqual(blocks(50), []);
  assert.deepEqual(blocks(51), [{ line: 1, message: 'must have at most 50 blocks' }]);
});
