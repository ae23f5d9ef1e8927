// The version of a policy: exactly as defined, so that it can be worked out from a repository, and another one for every
// other set of files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { policyVersion } from '../../../src/policy/language/policy-version.ts';
import { readPolicyText } from '../../support/policy.ts';
import { versionOf } from '../../support/policy-version.ts';

const bytesOf = (text: string) => Buffer.from(text);

/** By `printf '\0006\000policya.txt\0002\000é' | sha256sum`. */
const known = 'e44aaed8046f9507f674d9ba2c7502776923e1bcddb3dd744c77cb31c5b55a27';

test('the version is the hash of name, length in bytes and bytes of each file', () => {
  const files = [
    { name: '', bytes: bytesOf('policy') },
    { name: 'a.txt', bytes: bytesOf('é') },
  ];
  assert.equal(policyVersion(files), known);
  assert.equal(versionOf('policy', { 'a.txt': 'é' }), known);
});

test('no two different sets of files have the same version, however their bytes are cut', () => {
  const name = fc.constantFrom('a', 'b', 'a1', '1');
  const content = fc.string({ unit: fc.constantFrom('a', '1', '\0', '\n'), maxLength: 4 });
  const file = fc.tuple(name, content).map(([given, text]) => ({ name: given, bytes: bytesOf(text) }));
  const files = fc.array(file, { maxLength: 3 });
  fc.assert(
    fc.property(files, files, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(policyVersion(one) === policyVersion(other), same);
    }),
    { numRuns: 5000 },
  );
});

const twoLists = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: { file: inside.txt }
  forbiddenCidrs: { file: outside.txt }
`;

test('a line that moves from the end of one list to the top of the next makes another version', () => {
  const version = (inside: string, outside: string) => {
    const read = readPolicyText(twoLists, { 'inside.txt': inside, 'outside.txt': outside });
    assert.ok(read.faults === undefined);
    return read.data.version;
  };
  const before = version('10.0.0.0/8\n10.20.0.0/16\n', '10.129.0.0/24\n');
  assert.notEqual(version('10.0.0.0/8\n', '10.20.0.0/16\n10.129.0.0/24\n'), before);
});

test('a list under another name makes another version', () => {
  const lists = { 'inside.txt': '10.0.0.0/8\n', 'outside.txt': '10.0.0.0/8\n', 'other.txt': '10.0.0.0/8\n' };
  const version = (text: string) => {
    const read = readPolicyText(text, lists);
    return read.faults === undefined ? read.data.version : assert.fail();
  };
  const lengthened = `${twoLists}#`;
  assert.notEqual(version(twoLists.replace('outside', 'other')), version(twoLists));
  assert.notEqual(version(lengthened), version(twoLists));
});
