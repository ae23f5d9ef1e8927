// What a verified caller may do: exactly the scope of the operation, found in any of the claims that issuers use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { Json } from './forge.ts';

const claims = ['scope', 'scp', 'permissions', 'roles'];
const operations = { create: 'update:database', list: 'read:database' } as const;
type OperationName = keyof typeof operations;

async function ask(gateway: TestGateway, operation: OperationName, changed: Json) {
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: undefined, ...changed })}`;
  if (operation === 'create') return await gateway.create(undefined, { authorization });
  return await gateway.call({ headers: { authorization } });
}

test('the scope counts in each of the four claims, as words of a string and as an array', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [operation, scope] of Object.entries(operations) as [OperationName, string][]) {
    for (const claim of claims) {
      for (const value of [
        scope,
        `other ${scope}`,
        `  ${scope}  more`,
        [scope],
        ['other', scope],
        [1, scope],
      ]) {
        await t.test(`${operation}: ${claim} ${JSON.stringify(value)}`, async () => {
          const reply = await ask(gateway, operation, { [claim]: value });
          assert.equal(reply.status, operation === 'create' ? 201 : 200, reply.text);
        });
      }
    }
  }
});

test('scopes of several claims add up', async (t) => {
  const gateway = await startTestGateway(t);
  const both = { scp: ['read:database'], roles: 'update:database' };
  assert.equal((await ask(gateway, 'create', both)).status, 201);
  assert.equal((await ask(gateway, 'list', both)).status, 200);
});

test('a token without the scope is refused with the name of the scope, before its body is read', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [operation, scope] of Object.entries(operations) as [OperationName, string][]) {
    const other = operation === 'create' ? operations.list : operations.create;
    const lacking: Readonly<Record<string, Json>> = {
      'no claim at all': {},
      'an empty string': { scope: '' },
      'an empty array': { scope: [] },
      'the scope of the other operation': { scope: other },
      'another case': { scope: scope.toUpperCase() },
      'a longer word': { scope: `${scope}s x${scope}` },
      'commas between': { scope: `${scope},${other}` },
      'a pattern': { scope: '*' },
      'an object': { scope: { [scope]: true } },
      'an array within an array': { scope: [[scope]] },
      'another claim': { groups: [scope] },
      true: { scope: true },
    };
    for (const [title, changed] of Object.entries(lacking)) {
      await t.test(`${operation}: ${title}`, async () => {
        const refusal = {
          status: 403,
          type: 'auth:unauthorized',
          recorded: 'scope-missing',
          operation,
          subject: 'svc-payments',
        };
        const reply = await assertRefused(gateway, () => ask(gateway, operation, changed), refusal);
        assert.equal(
          reply.headers['www-authenticate'],
          `Bearer realm="peergate", error="insufficient_scope", error_description="${reply.json.detail}", scope="${scope}"`,
        );
        assert.match(reply.json.detail, new RegExp(scope));
      });
    }
  }
});

test('the names of the scopes are those of the settings', async (t) => {
  const environment = { AUTH_SCOPE_CREATE: 'peerings.write', AUTH_SCOPE_LIST: 'peerings.read' };
  const gateway = await startTestGateway(t, { environment });
  assert.equal((await ask(gateway, 'create', { scope: 'peerings.write' })).status, 201);
  assert.equal((await ask(gateway, 'list', { scope: 'peerings.read' })).status, 200);
  assert.equal((await ask(gateway, 'create', { scope: 'update:database' })).status, 403);
});
