// The registry is bounded: a file of more than a million VPCs is refused, and what comes behind is not read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVpcTable } from '../../src/net/vpc-registry.ts';

test('more than a million VPCs are a fault of the whole file', () => {
  const row = (number: number) =>
    `vpc-${number.toString(16).padStart(8, '0')},111122223333,us-east-1,10.0.0.0/8\n`;
  const text = Array.from({ length: 1_000_001 }, (_, number) => row(number)).join('');
  const { faults } = readVpcTable(Buffer.from(`${text}bad\n`));
  assert.deepEqual(faults, [{ line: 1, message: 'has more than 1000000 VPCs' }]);
});
