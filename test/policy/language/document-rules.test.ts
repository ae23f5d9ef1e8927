// The policy file is strict: a table of what can be wrong in grants, callers and exceptions, each with the place and the
// words that its author is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Spoiled } from './whole-policy.ts';

const grants: readonly Spoiled[] = [
  [
    10,
    'grants: []\nrest:',
    '10:9: /grants must not be empty: it would refuse every caller; leave it out to grant everything to everyone',
    '11:1: /rest is not a member here',
  ],
  [11, '  - id: guardrails', '11:9: /grants/0/id is a reserved name'],
  [11, '  - id: grants', '11:9: /grants/0/id is a reserved name'],
  [11, '  - id: ""', '11:9: /grants/0/id must be a name of letters, digits and . _ : -'],
  [11, '  - id: "a b"', '11:9: /grants/0/id must be a name of letters, digits and . _ : -'],
  [11, '  - id: -a', '11:9: /grants/0/id must be a name of letters, digits and . _ : -'],
  [11, '  - id: 5', '11:9: /grants/0/id must be a string'],
  [11, `  - id: a${'b'.repeat(100)}`, '11:9: /grants/0/id must be a name of letters, digits and . _ : -'],
  [11, '  - name: payments', '11:5: /grants/0/id is required', '11:5: /grants/0/name is not a member here'],
  [13, '    actions: []', '13:14: /grants/0/actions must not be empty: it would grant nothing'],
  [
    13,
    '    actions: [create, read]',
    '13:23: /grants/0/actions/1 must be create, list, delete, deleteOwn or inspect',
  ],
  [13, '    actions: create', '13:14: /grants/0/actions must be a list'],
  [13, '    # none', '11:5: /grants/0/actions is required'],
  [
    13,
    '    actions: [create]\n    clusters: []',
    '14:15: /grants/0/clusters must not be empty: it would refuse every request',
  ],
  [
    13,
    '    actions: [create]\n    clusters: [orders]',
    '14:16: /grants/0/clusters/0 must be the UUID of a cluster',
  ],
  [
    13,
    '    actions: [create]\n    accounts: []',
    '14:15: /grants/0/accounts must not be empty: it would refuse every request',
  ],
  [
    13,
    '    actions: [create]\n    regions: []',
    '14:14: /grants/0/regions must not be empty: it would refuse every request',
  ],
  [
    13,
    '    actions: [create]\n    cidrs: []',
    '14:12: /grants/0/cidrs must not be empty: it would refuse every request',
  ],
  [
    13,
    '    actions: [create]\n    prefixLength: { min: 16, max: 28 }',
    '14:5: /grants/0/prefixLength is not a member here',
  ],
  [
    13,
    '    actions: [create]\n    forbiddenCidrs: []',
    '14:5: /grants/0/forbiddenCidrs is not a member here',
  ],
];

test('a grant has an id that is free, actions that exist, and lists that are not empty', () => {
  for (const row of grants) assert.deepEqual(...compare(row));
});

const callers: readonly Spoiled[] = [
  [12, '    callers: []', '12:14: /grants/0/callers must not be empty: it would match no caller'],
  [12, '    callers: [{ claim: sub }]', '12:15: /grants/0/callers/0 must have one of equals and contains'],
  [
    12,
    '    callers: [{ claim: sub, equals: a, contains: b }]',
    '12:15: /grants/0/callers/0 must have one of equals and contains',
  ],
  [12, '    callers: [{ equals: a }]', '12:15: /grants/0/callers/0/claim is required'],
  [12, '    callers: [{ claim: "", equals: a }]', '12:24: /grants/0/callers/0/claim must not be empty'],
  [
    12,
    '    callers: [{ claim: /a~2, equals: a }]',
    '12:24: /grants/0/callers/0/claim must be a claim, or a JSON Pointer such as /realm_access/roles',
  ],
  [
    12,
    '    callers: [{ claim: sub, equals: "a*b" }]',
    '12:37: /grants/0/callers/0/equals has a * that is not at the end',
  ],
  [
    12,
    '    callers: [{ claim: sub, equals: "a**" }]',
    '12:37: /grants/0/callers/0/equals has a * that is not at the end',
  ],
  [
    12,
    '    callers: [{ claim: sub, equals: "a*\\nb" }]',
    '12:37: /grants/0/callers/0/equals has a * that is not at the end',
  ],
  [12, '    callers: [{ claim: sub, equals: "" }]', '12:37: /grants/0/callers/0/equals must not be empty'],
  [
    12,
    '    callers: [{ claim: sub, equals: [a] }]',
    '12:37: /grants/0/callers/0/equals must be a string, a number, true or false',
  ],
  [
    12,
    '    callers: [{ claim: sub, equals: null }]',
    '12:37: /grants/0/callers/0/equals must be a string, a number, true or false',
  ],
  [
    12,
    '    callers: [{ claim: n, equals: 9007199254740993 }]',
    '12:35: /grants/0/callers/0/equals is too large to be exact',
  ],
  [
    12,
    '    callers: [{ claim: n, equals: .inf }]',
    '12:35: /grants/0/callers/0/equals must be a string, a number, true or false',
  ],
  [
    12,
    '    callers: [{ claim: sub, contains: "a*" }]',
    '12:39: /grants/0/callers/0/contains has a *, which only equals understands',
  ],
  [12, '    callers: [{ claim: sub, contains: 5 }]', '12:39: /grants/0/callers/0/contains must be a string'],
  [
    12,
    '    callers: [{ claim: sub, contains: "" }]',
    '12:39: /grants/0/callers/0/contains must not be empty',
  ],
  [
    12,
    '    callers: [{ claim: sub, matches: a }]',
    '12:29: /grants/0/callers/0/matches is not a member here',
    '12:15: /grants/0/callers/0 must have one of equals and contains',
  ],
  [12, '    callers: { claim: sub, equals: a }', '12:14: /grants/0/callers must be a list'],
];

test('a caller is matched by one claim in one of two ways, with a * only at the end of equals', () => {
  for (const row of callers) assert.deepEqual(...compare(row));
});

const exceptions: readonly Spoiled[] = [
  [14, 'exceptions: none\nrest:', '14:13: /exceptions must be a list', '15:1: /rest is not a member here'],
  [15, '  - id: grants', '15:9: /exceptions/0/id is a reserved name'],
  [16, '    callers: []', '16:14: /exceptions/0/callers must not be empty: it would match no caller'],
  [17, '    allows: {}', '17:13: /exceptions/0/allows must not be empty: it would allow nothing'],
  [
    17,
    '    allows: { forbiddenCidrs: [10.129.0.0/24] }',
    '17:15: /exceptions/0/allows/forbiddenCidrs is not a member here',
    '17:13: /exceptions/0/allows must not be empty: it would allow nothing',
  ],
  [
    17,
    '    allows: { actions: [list] }',
    '17:15: /exceptions/0/allows/actions is not a member here',
    '17:13: /exceptions/0/allows must not be empty: it would allow nothing',
  ],
  [
    17,
    '    allows: { clusters: [] }',
    '17:25: /exceptions/0/allows/clusters must not be empty: it would refuse every request',
  ],
  [
    17,
    '    allows: { prefixLength: { min: 9, max: 8 } }',
    '17:29: /exceptions/0/allows/prefixLength min must not be greater than max: it would refuse every request',
  ],
  [17, '    # none', '15:5: /exceptions/0/allows is required'],
];

test('an exception allows something, and never forbidden networks or actions', () => {
  for (const row of exceptions) assert.deepEqual(...compare(row));
});

const expiries: readonly Spoiled[] = [
  [
    18,
    '    expires: 2027-01-31',
    '18:14: /exceptions/0/expires must be a time with its zone, such as 2027-01-31T00:00:00Z',
  ],
  [
    18,
    '    expires: 2027-01-31T00:00:00',
    '18:14: /exceptions/0/expires must be a time with its zone, such as 2027-01-31T00:00:00Z',
  ],
  [
    18,
    '    expires: 2027-02-30T00:00:00Z',
    '18:14: /exceptions/0/expires must be a time with its zone, such as 2027-01-31T00:00:00Z',
  ],
  [
    18,
    '    expires: never',
    '18:14: /exceptions/0/expires must be a time with its zone, such as 2027-01-31T00:00:00Z',
  ],
  [
    18,
    '    expires: 1800000000',
    '18:14: /exceptions/0/expires must be a time with its zone, such as 2027-01-31T00:00:00Z',
  ],
  [18, '    # none', '15:5: /exceptions/0/expires is required'],
  [18, '    expires: 2027-01-31T00:00:00Z\n    ticket: ""', '19:13: /exceptions/0/ticket must not be empty'],
  [
    18,
    '    expires: 2027-01-31T00:00:00Z\n    approvedBy: 5',
    '19:17: /exceptions/0/approvedBy must be a string',
  ],
  [
    18,
    '    expires: 2027-01-31T00:00:00Z\n    starts: 2027-01-01T00:00:00Z',
    '19:5: /exceptions/0/starts is not a member here',
  ],
];

test('an exception expires at a real time with its zone', () => {
  for (const row of expiries) assert.deepEqual(...compare(row));
});
