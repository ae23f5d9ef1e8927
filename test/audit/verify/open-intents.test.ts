// Which records open an intent, which end it, and what they say of peerings; nothing in a record is believed to have its form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenIntents } from '../../../src/audit/verify/open-intents.ts';

interface Taken {
  readonly code: unknown;
  readonly id?: unknown;
  readonly status?: number;
  readonly unmapped?: unknown;
}

const recordOf = ({ code, id = 'r', status = 1, unmapped = {} }: Taken) => ({
  metadata: { event_code: code },
  api: { request: { uid: id } },
  status_id: status,
  unmapped,
});

function following(...taken: Taken[]) {
  const intents = new OpenIntents();
  for (const [index, each] of taken.entries())
    intents.take({ file: 'a', line: index + 1, record: recordOf(each) });
  return intents;
}
const openIn = (...taken: Taken[]) =>
  following(...taken).intents.map(({ line, outcome }) => `${line} ${outcome}`);

const create = { code: 'peering.create.intent' };

test('intents of creates and deletes open, and their outcomes and reconciliations end them', () => {
  for (const operation of ['create', 'delete']) {
    const intent = { code: `peering.${operation}.intent` };
    assert.deepEqual(openIn(intent), ['1 none']);
    for (const end of ['outcome', 'reconciled'])
      assert.deepEqual(openIn(intent, { code: `peering.${operation}.${end}` }), []);
  }
});

test('no other code opens or ends anything', () => {
  for (const code of [
    'peering.list.intent',
    'xpeering.create.intent',
    'peering.create.intents',
    'peering.create',
    'peeringXcreate.intent',
    'peering.createXintent',
  ])
    assert.deepEqual(openIn({ code }), [], code);
  for (const code of [
    'peering.create.outcomes',
    'xpeering.create.outcome',
    'peering.list.outcome',
    'peering.create.refused',
    'peering.createXoutcome',
    'peering.create.reconciledx',
  ])
    assert.deepEqual(openIn(create, { code }), ['1 none'], code);
});

test('a record whose code or id is no text is passed over', () => {
  assert.deepEqual(openIn({ code: 7 }, { code: undefined }, { code: null }), []);
  for (const id of [7, null, ['r'], {}]) assert.deepEqual(openIn({ ...create, id }), []);
  const intents = new OpenIntents();
  for (const record of [
    {},
    { metadata: null },
    { metadata: { event_code: create.code } },
    { metadata: { event_code: create.code }, api: 7 },
  ])
    intents.take({ file: 'a', line: 1, record });
  assert.deepEqual(intents.intents, []);
});

test('the end of one request leaves the others open', () => {
  assert.deepEqual(
    openIn({ ...create, id: 'a' }, { ...create, id: 'b' }, { code: 'peering.create.outcome', id: 'a' }),
    ['2 none'],
  );
});

test('the first end of a request counts, also when its intent is taken later, or once more', () => {
  const outcome = { code: 'peering.create.outcome', unmapped: { upstream: { resourceId: 'p-1' } } };
  const reconciled = { code: 'peering.create.reconciled', unmapped: { reconciled: { resourceId: 'p-1' } } };
  assert.deepEqual(openIn(outcome, create), []);
  assert.deepEqual(openIn(create, outcome, create), []);
  assert.deepEqual(openIn(create, outcome, { ...reconciled, status: 0 }), []);
  const { knownPeerings } = following(outcome, create, reconciled);
  assert.deepEqual([...knownPeerings], [['p-1', { requestId: 'r', isReconciled: false }]]);
});

test('a result that nobody knows leaves its intent open, and opens none that was not there', () => {
  const unknown = { code: 'peering.create.outcome', status: 0 };
  assert.deepEqual(openIn(create, unknown), ['1 unknown']);
  assert.deepEqual(openIn(unknown), []);
  const ambiguous = { ...unknown, unmapped: { reconciled: { ambiguous: ['p-1', 7, 'p-2'] } } };
  const both = following(create, ambiguous);
  assert.deepEqual(
    both.intents.map(({ outcome }) => outcome),
    ['ambiguous'],
  );
  assert.deepEqual(both.ambiguousPeerings, ['p-1', 'p-2']);
  assert.deepEqual(
    following(create, { ...unknown, unmapped: { reconciled: { ambiguous: 'p-1' } } }).ambiguousPeerings,
    [],
  );
  assert.deepEqual(following(create, unknown).ambiguousPeerings, []);
});

test('the peering that a request made is known by its outcome, or by its reconciliation', () => {
  const made = (unmapped: unknown) => [
    ...following({ ...create, id: 'r-1' }, { code: 'peering.create.outcome', id: 'r-1', unmapped })
      .knownPeerings,
  ];
  const answered = { requestId: 'r-1', isReconciled: false };
  assert.deepEqual(made({ upstream: { resourceId: 'p-1' } }), [['p-1', answered]]);
  assert.deepEqual(made({ reconciled: { resourceId: 'p-2' } }), [
    ['p-2', { ...answered, isReconciled: true }],
  ]);
  assert.deepEqual(made({ upstream: { resourceId: 'p-1' }, reconciled: { resourceId: 'p-2' } }), [
    ['p-1', answered],
  ]);
  for (const unmapped of [{}, null, 7, { upstream: null }, { upstream: { resourceId: 7 } }])
    assert.deepEqual(made(unmapped), []);
});
