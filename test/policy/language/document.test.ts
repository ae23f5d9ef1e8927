// The policy file is strict: a table of what can be wrong at the top and in the guardrails, each with the place and the
// words that its author is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf } from '../../support/policy.ts';
import { compare, type Spoiled, wholePolicy } from './whole-policy.ts';

test('the policy that the tables spoil is good', () => {
  assert.deepEqual(faultsOf(wholePolicy), []);
});

const top: readonly Spoiled[] = [
  [1, 'version: "1"', '1:10: /version must be 1'],
  [1, 'version: 2', '1:10: /version must be 1'],
  [1, '# no version', '2:1: /version is required'],
  [2, 'organization: ""', '2:15: /organization must not be empty'],
  [2, 'organization: 5', '2:15: /organization must be a string'],
  [2, `organization: ${'x'.repeat(201)}`, '2:15: /organization must be at most 200 characters'],
  [19, 'mode: dry', '19:7: /mode must be enforce or report'],
  [19, 'mode: [report]', '19:7: /mode must be enforce or report'],
  [19, 'Mode: report', '19:1: /Mode is not a member here'],
  [19, '__proto__: report', '19:1: /__proto__ is not a member here'],
];

test('a version, an organization or a mode that is none is a fault, and so is any other member', () => {
  for (const row of top) assert.deepEqual(...compare(row));
});

const lists: readonly Spoiled[] = [
  [4, '  accounts: []', '4:13: /guardrails/accounts must not be empty: it would refuse every request'],
  [4, '  accounts: [111122223333]', '4:14: /guardrails/accounts/0 must be a string of 12 digits, in quotes'],
  [
    4,
    '  accounts: ["11112222333"]',
    '4:14: /guardrails/accounts/0 must be an AWS account: 12 digits, in quotes',
  ],
  [4, '  accounts: "111122223333"', '4:13: /guardrails/accounts must be a list'],
  [4, '  accounts:', '4:12: /guardrails/accounts must be a list'],
  [
    4,
    '  account: ["111122223333"]',
    '4:3: /guardrails/accounts is required',
    '4:3: /guardrails/account is not a member here',
  ],
  [5, '  regions: []', '5:12: /guardrails/regions must not be empty: it would refuse every request'],
  [5, '  regions: [US-EAST-1]', '5:13: /guardrails/regions/0 must be an AWS region such as us-east-1'],
  [5, '  regions: [us-east-1, [us-east-1]]', '5:24: /guardrails/regions/1 must be a string'],
];

test('accounts and regions are lists that are not empty, of accounts in quotes and of regions', () => {
  for (const row of lists) assert.deepEqual(...compare(row));
});

const networks: readonly Spoiled[] = [
  [6, '  cidrs: []', '6:10: /guardrails/cidrs must not be empty: it would refuse every request'],
  [
    6,
    '  cidrs: [10.0.0.1/8]',
    '6:11: /guardrails/cidrs/0 has host bits set: the /8 network here is 10.0.0.0/8',
  ],
  [
    6,
    '  cidrs: [10.0.0.0/8, 010.0.0.0/8]',
    '6:23: /guardrails/cidrs/1 has an octet with a leading zero: 010',
  ],
  [6, '  cidrs: [10.0.0.256/32]', '6:11: /guardrails/cidrs/0 has an octet over 255: 256'],
  [6, '  cidrs: [10.0.0.0/33]', '6:11: /guardrails/cidrs/0 has a prefix length over 32: 33'],
  [6, '  cidrs: [10.0.0.0]', '6:11: /guardrails/cidrs/0 must be an IPv4 network such as 10.20.0.0/16'],
  [6, '  cidrs: ["::/0"]', '6:11: /guardrails/cidrs/0 must be an IPv4 network such as 10.20.0.0/16'],
  [6, '  cidrs: [" 10.0.0.0/8"]', '6:11: /guardrails/cidrs/0 must be an IPv4 network such as 10.20.0.0/16'],
  [6, '  cidrs: [10]', '6:11: /guardrails/cidrs/0 must be a string'],
  [6, '  cidrs: 10.0.0.0/8', '6:10: /guardrails/cidrs must be a list of networks, or { file: NAME }'],
  [6, '  cidrs:', '6:9: /guardrails/cidrs must be a list of networks, or { file: NAME }'],
  [
    7,
    '  forbiddenCidrs: [10.0.0.0/8, x]',
    '7:32: /guardrails/forbiddenCidrs/1 must be an IPv4 network such as 10.20.0.0/16',
  ],
  [
    7,
    '  forbiddenCidrs: none',
    '7:19: /guardrails/forbiddenCidrs must be a list of networks, or { file: NAME }',
  ],
];

test('networks are in their one spelling, without host bits, and a list of allowed ones is not empty', () => {
  for (const row of networks) assert.deepEqual(...compare(row));
});

const files: readonly Spoiled[] = [
  [
    6,
    '  cidrs: { file: ../x.txt }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { file: /etc/passwd }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { file: a/b.txt }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    `  cidrs: { file: 'a\\b.txt' }`,
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { file: .hidden }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { file: .. }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { file: "" }',
    '6:18: /guardrails/cidrs/file must be the plain name of a file beside the policy',
  ],
  [
    6,
    '  cidrs: { files: x.txt }',
    '6:10: /guardrails/cidrs/file is required',
    '6:12: /guardrails/cidrs/files is not a member here',
  ],
  [6, '  cidrs: { file: 5 }', '6:18: /guardrails/cidrs/file must be a string'],
];

test('a list file is a plain name: no path leads out of the folder of the policy', () => {
  for (const row of files) assert.deepEqual(...compare(row));
});

const rest: readonly Spoiled[] = [
  [
    8,
    '  prefixLength: { min: 28, max: 16 }',
    '8:17: /guardrails/prefixLength min must not be greater than max: it would refuse every request',
  ],
  [8, '  prefixLength: { min: -1, max: 28 }', '8:24: /guardrails/prefixLength/min must be at least 0'],
  [8, '  prefixLength: { min: 16, max: 33 }', '8:33: /guardrails/prefixLength/max must be at most 32'],
  [8, '  prefixLength: { min: 1.5, max: 28 }', '8:24: /guardrails/prefixLength/min must be a whole number'],
  [8, '  prefixLength: { min: "16", max: 28 }', '8:24: /guardrails/prefixLength/min must be a whole number'],
  [8, '  prefixLength: { min: 16 }', '8:17: /guardrails/prefixLength/max is required'],
  [
    8,
    '  prefixLength: { min: 16, max: 28, step: 2 }',
    '8:37: /guardrails/prefixLength/step is not a member here',
  ],
  [8, '  prefixLength: 16', '8:17: /guardrails/prefixLength must be an object with members'],
  [9, '  secureConnection: true', '9:21: /guardrails/secureConnection must be required or optional'],
  [9, '  secureConnection: none', '9:21: /guardrails/secureConnection must be required or optional'],
  [9, '  forbidden: []', '9:3: /guardrails/forbidden is not a member here'],
];

test('prefix lengths and the secure connection are what the interface says, and nothing else', () => {
  for (const row of rest) assert.deepEqual(...compare(row));
});
