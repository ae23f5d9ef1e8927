// Which create made a peering: what another instance has stored counts like what this one knows, and never against the create
// that it names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attribution } from '../../src/reconciliation/attribution.ts';
import { MemoryCreators } from '../../src/state/creators/creator-store.ts';

const createOf = (gatewayRequestId: string, before: readonly string[] = []) => ({
  facts: { gatewayRequestId },
  before: new Set(before),
});

/** What instances share says that the create `a` made the peering `made`. */
function attributionOf() {
  const creators = new MemoryCreators();
  creators.recordCreator('made', { issuer: 'https://idp.example', subject: 'svc-a', at: 1, requestId: 'a' });
  return new Attribution(creators);
}

test('a peering that another instance has stored as another create’s is no candidate; one of its own is, and is certain', async () => {
  const attribution = attributionOf();
  const [own, other] = [createOf('a'), createOf('b')];
  assert.equal(attribution.mustHaveMade(own, 'made', [own, other]), false, 'not known yet');
  await attribution.learn(['made', 'unknown']);
  assert.equal(attribution.creatorOf('made'), 'a');
  assert.equal(attribution.mustHaveMade(own, 'made', [own, other]), true);
  assert.equal(attribution.mayHaveMade(other, 'made'), false);
  assert.equal(attribution.mayHaveMade(other, 'unknown'), true);
  assert.equal(attribution.creatorOf('unknown'), undefined);
  assert.deepEqual([attribution.isUncertain('made'), attribution.isUncertain('unknown')], [false, true]);
});

test('what this instance knows is not asked for again, and a store that cannot be asked is an error', async () => {
  const attribution = new Attribution({
    isShared: true,
    recordCreator: () => undefined,
    creatorsOf: () => Promise.reject(new Error('down')),
    removeCreators: () => Promise.resolve(),
  });
  attribution.recordCreator('made', 'a');
  await attribution.learn(['made']);
  await assert.rejects(attribution.learn(['made', 'unknown']), /down/);
});

test('a peering that was ambiguous is certain for nobody, unless its creator becomes known', async () => {
  const attribution = attributionOf();
  attribution.recordAmbiguous('made');
  const create = createOf('a');
  assert.equal(attribution.mustHaveMade(create, 'made', [create]), false);
  await attribution.learn(['made']);
  assert.equal(attribution.mustHaveMade(create, 'made', [create]), true);
});

test('a peering that another instance took from the list is certain for its own create, and possible for any other', async () => {
  const creators = new MemoryCreators();
  const creator = { issuer: 'https://idp.example', subject: 'svc-a', at: 1, requestId: 'a' };
  creators.recordCreator('made', { ...creator, isReconciled: true });
  const attribution = new Attribution(creators);
  await attribution.learn(['made']);
  const [own, other] = [createOf('a'), createOf('b')];
  assert.equal(attribution.creatorOf('made'), 'a');
  assert.equal(attribution.mustHaveMade(own, 'made', [own, other]), true);
  assert.equal(attribution.mustHaveMade(other, 'made', [other]), false);
  assert.equal(attribution.mayHaveMade(other, 'made'), true);
  assert.equal(attribution.isUncertain('made'), true);
  // It may have been made by a create that was on its way when the other instance took it.
  assert.deepEqual(attribution.ambiguousIds, []);
  attribution.recordCreator('made', 'a');
  assert.equal(attribution.isUncertain('made'), false);
  attribution.recordAmbiguous('made');
  assert.deepEqual(attribution.ambiguousIds, ['made']);
});

test('a peering that this instance called ambiguous existed before later creates, whoever takes it from the list', async () => {
  const creators = new MemoryCreators();
  const creator = { issuer: 'https://idp.example', subject: 'svc-a', at: 1, requestId: 'a' };
  creators.recordCreator('made', { ...creator, isReconciled: true });
  const attribution = new Attribution(creators);
  attribution.recordAmbiguous('made');
  await attribution.learn(['made']);
  assert.equal(attribution.creatorOf('made'), 'a');
  assert.deepEqual(attribution.ambiguousIds, ['made']);
});

for (const isShared of [true, false])
  test(`a peering that this instance took from the list is ${isShared ? 'uncertain, since others have creates, too' : 'certain without others'}, and no candidate of its other creates`, () => {
    const attribution = new Attribution(Object.assign(new MemoryCreators(), { isShared }));
    attribution.recordTaken('made', 'a');
    assert.equal(attribution.isUncertain('made'), isShared);
    assert.equal(attribution.mayHaveMade(createOf('b'), 'made'), false);
    assert.equal(attribution.mustHaveMade(createOf('a'), 'made', []), true);
    attribution.recordCreator('made', 'a');
    assert.equal(attribution.isUncertain('made'), false);
  });
