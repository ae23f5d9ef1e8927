// What is not a question is denied before any rule is asked, and each thing that is wrong with it is named once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question } from '../../../src/policy/engine/decision.ts';
import { readQuestion } from '../../../src/policy/engine/well-formed.ts';

const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
const peering = {
  clusterId,
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};
const place = { accountId: '111122223333', region: 'us-east-1' };
const block = { first: 0x0a140400, last: 0x0a1407ff, prefix: 22 };
const read = (question: unknown) => readQuestion({ claims: {}, at: 0, ...(question as object) } as Question);

const cluster = 'cluster_not_allowed /clusterId';
const action = 'action_not_allowed ';
const network = 'cidr_not_allowed /cidrBlock';
const account = 'account_not_allowed /accountId';
const region = 'region_not_allowed /region';
const secure = 'insecure_connection /isSecureConnection';

const questions: readonly (readonly [question: object, result: object | undefined | readonly string[]])[] = [
  [{ action: 'create', clusterId, peering }, block],
  [{ action: 'create', clusterId, peering: { ...peering, isSecureConnection: false } }, block],
  [{ action: 'list', clusterId }, undefined],
  [{ action: 'list' }, undefined],
  [{ action: 'inspect' }, undefined],
  [{ action: 'inspect', clusterId }, undefined],
  [{ action: 'delete', clusterId }, undefined],
  [{ action: 'delete', clusterId, existing: place }, undefined],
  [{ action: 'delete', clusterId, existing: { ...place, cidrBlock: 'none' } }, undefined],
  [{ action: 'create', clusterId }, [network, account, region, secure]],
  [{ action: 'create', peering }, [cluster]],
  [{ action: 'delete' }, [cluster]],
  [{ action: 'list', clusterId: 7 }, [cluster]],
  [{ action: 'list', clusterId: null }, [cluster]],
  [{ action: 'deleteOwn', clusterId }, [action]],
  [{ action: 'inspects', clusterId: null }, [action, cluster]],
  [{ action: ['list'], clusterId }, [action]],
  [{ action: 'create', clusterId, peering: { ...peering, cidrBlock: 'x' } }, [network]],
  [{ action: 'create', clusterId, peering: { ...peering, cidrBlock: undefined } }, [network]],
  [{ action: 'create', clusterId, peering: { ...peering, accountId: 111122223333 } }, [account]],
  [{ action: 'create', clusterId, peering: { ...peering, region: null } }, [region]],
  [{ action: 'create', clusterId, peering: { ...peering, isSecureConnection: 'true' } }, [secure]],
  [{ action: 'create', clusterId, peering: 'text' }, [network, account, region, secure]],
  [{ action: 'create', clusterId: 1, peering: {} }, [cluster, network, account, region, secure]],
  [{ action: 'delete', clusterId, existing: { region: 'us-east-1' } }, [account]],
  [{ action: 'delete', clusterId, existing: { accountId: '111122223333' } }, [region]],
  [{ action: 'delete', clusterId, existing: null }, [account, region]],
];

test('a question has the block that it is about; what is none is denied with every fault', () => {
  for (const [question, expected] of questions) {
    const result = read(question);
    const named = Array.isArray(result)
      ? result.map(({ code, field }: { code: string; field: string }) => `${code} ${field}`)
      : result;
    assert.deepEqual(named, expected, JSON.stringify(question));
  }
});

test('each fault is a sentence of the guardrails that allows nothing', () => {
  const faults = read({ action: 'x', clusterId: 1, peering: { cidrBlock: 1 } });
  assert.ok(Array.isArray(faults));
  assert.deepEqual(
    faults.map(({ description, rule, allowed }) => [description, rule, allowed.length]),
    [
      'The action is none that there is.',
      'The cluster is not named by its id.',
      'The block is not an IPv4 network.',
      'The account is not named by its id.',
      'The region is not named.',
      'It is neither true nor false.',
    ].map((sentence) => [sentence, 'guardrails', 0]),
  );
});

test('a question that is no object at all is denied', () => {
  for (const question of [null, undefined, 'text', 7]) {
    const result = readQuestion(question as unknown as Question);
    assert.ok(Array.isArray(result) && result.length > 0);
  }
});
