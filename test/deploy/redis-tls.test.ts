// The Valkey of the manifests, made as the operator's guide says, and gateways that use it by TLS with all that they keep
// there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { GatewayOutput } from '../../sandbox/gateway-output.ts';
import { GatewayProcess } from '../../sandbox/gateway-process.ts';
import { endWithTest } from '../support/child-process.ts';
import { allowed, guardrailsOnly, send } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';
import { until } from '../support/until.ts';
import { noValkey, startValkey, type TestValkey } from './valkey.ts';

const skip = noValkey;

test('gateways share idempotency keys, cluster locks and limits by TLS, as a user that may do no more', {
  skip,
}, async (t) => {
  const valkey = await startValkey(t);
  const site = await startSite(t, valkey);
  const [first, second] = [await site.start(), await site.start()];
  const headers = { 'idempotency-key': 'one-of-the-deployment' };
  const made = await site.create(first.port, headers);
  assert.equal(made.status, 201, made.text);
  const again = await site.create(second.port, headers);
  assert.deepEqual([again.status, again.headers['idempotency-replayed']], [201, 'true'], again.text);
  assert.equal(again.text, made.text);
  const left = (reply: typeof made) =>
    [reply.headers['ratelimit']].flat().map((line) => /; r=(\d+)/.exec(line ?? '')?.[1]);
  assert.deepEqual(
    [left(made), left(again)],
    [
      ['599', '59'],
      ['598', '58'],
    ],
  );
  for (const { logs } of [first, second]) assert.ok(!logs().some((line) => line.includes('Redis refuses')));
  for (const { logs } of [first, second]) assert.ok(!logs().some((line) => line.includes('could not keep')));
});

test('without the authority of its certificate Valkey is not believed, and the password not sent', {
  skip,
}, async (t) => {
  const valkey = await startValkey(t);
  const site = await startSite(t, valkey);
  const { logs } = await site.start({ NODE_EXTRA_CA_CERTS: '' }, 'Redis is down');
  assert.ok(
    logs().some((line) => /"cause":"(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)"/.test(line)),
  );
});

test('Valkey is there by TLS only, tells nobody anything without a password, and keeps its data', {
  skip,
}, async (t) => {
  const valkey = await startValkey(t);
  assert.match(valkey.ask('get', 'peergate:x'), /^NOAUTH/);
  const plain = connect(valkey.port, '127.0.0.1');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    plain.on('data', (piece) => {
      text += piece;
    });
    plain.on('error', () => resolve(text));
    plain.on('close', () => resolve(text));
    plain.write('PING\r\n');
  });
  assert.ok(!answer.includes('PONG') && !answer.includes('NOAUTH'), answer);
  const { username, password } = new URL(readFileSync(valkey.urlFile, 'utf8'));
  assert.ok(!readFileSync(join(valkey.folder, 'users.acl'), 'utf8').includes(password));
  const asUser = (...words: string[]) =>
    valkey.ask('--user', username, '--pass', password, '--no-auth-warning', ...words);
  assert.match(asUser('set', 'peergate:x', '1'), /^OK/);
  for (const forbidden of [
    ['set', 'other', '1'],
    ['get', 'other'],
    ['flushall'],
    ['config', 'get', '*'],
    ['acl', 'list'],
    ['keys', '*'],
    ['client', 'list'],
  ])
    assert.match(asUser(...forbidden), /^(\(error\) )?NOPERM/, forbidden.join(' '));
});

interface StartedGateway {
  readonly port: number;
  logs(): readonly string[];
}

async function startSite(t: TestContext, { folder, urlFile, caFile }: TestValkey) {
  const issuer = await startIssuer();
  const cloud = await startAerospikeCloud();
  t.after(() => Promise.all([issuer.close(), cloud.close()]));
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const settings = {
    ...settingsBetween({ issuer, cloud }, policyFile),
    REDIS_URL_FILE: urlFile,
    NODE_EXTRA_CA_CERTS: caFile,
  };
  return {
    async start(own: Record<string, string> = {}, what = 'Redis is up'): Promise<StartedGateway> {
      const output = new GatewayOutput();
      const gateway = new GatewayProcess({ settings: { ...settings, ...own }, output });
      endWithTest(t, gateway.child);
      const { port } = await gateway.listening(30_000);
      await until(what, () => output.logs.some((line) => line.includes(what)));
      return { port, logs: () => output.logs };
    },
    async create(port: number, headers: Record<string, string>) {
      const authorization = `Bearer ${await issuer.sign()}`;
      return await send(`http://127.0.0.1:${port}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(allowed),
      });
    },
  };
}
