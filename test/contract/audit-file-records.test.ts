// Every line of an audit file fits `openapi/audit-event.schema.json`, those that a crash and a signing key bring about
// included.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { AuditChain } from '../../src/audit/log/chain.ts';
import { signCheckpoint } from '../../src/audit/log/checkpoint.ts';
import { type SigningKey, toSigningKey } from '../../src/audit/log/signing-key.ts';
import { chainStartedEvent, checkpointEvent } from '../../src/audit/record/gateway-events.ts';
import { intentEvent } from '../../src/audit/record/request-events.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { headOf } from '../audit/verify/chained-log.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** The last words of a run that was killed: an intent without its end, and a line that was never finished. */
function leftByACrash(key: SigningKey): string {
  const decision = {
    effect: 'allow' as const,
    policyVersion: 'a'.repeat(64),
    mode: 'enforce' as const,
    grant: null,
    exceptions: [],
    violations: [],
  };
  const facts = {
    startedAt: Date.now() - 60_000,
    gatewayRequestId: randomUUID(),
    requestId: 'one',
    clientAddress: '127.0.0.1',
    operation: createPeering,
    caller: { issuer: 'https://idp.example', subject: 'svc', clientId: undefined, tokenId: undefined },
    target: { clusterId, peering: { clusterId, ...allowed, vpcId: 'vpc-00000000' } },
    decision,
  };
  const lines: string[] = [];
  const earlier = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
  const at = Date.now() - 60_000;
  lines.push(earlier.append(chainStartedEvent(undefined, 'one', at)));
  const jws = signCheckpoint({ ...headOf(lines[0]), time: at }, key);
  lines.push(earlier.append(checkpointEvent(jws, 'one', at)));
  const intent = earlier.append(intentEvent(facts, Date.now() - 60_000));
  return `${lines.join('\n')}\n${intent}\n{"category_uid":6`;
}

test('every line of an audit file fits the schema: torn lines, settlements and signatures too', async (t) => {
  const folder = temporaryFolder();
  const file = join(folder, 'audit.log');
  const keyFile = join(folder, 'key.jwk');
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  await writeFile(keyFile, JSON.stringify(jwk));
  await writeFile(file, leftByACrash(await toSigningKey(jwk)));
  const environment = { AUDIT_FILE: file, AUDIT_SIGNING_KEY_FILE: keyFile };
  const gateway = await startTestGateway(t, { environment });
  const records = async (): Promise<AuditRecord[]> =>
    (await readFile(file, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  gateway.cloud.setFault(({ method, path }) => {
    if (method !== 'POST' || !path.endsWith(peeringsPath)) return undefined;
    return (_, response) => {
      gateway.cloud.addPeering(clusterId, allowed);
      response.destroy();
    };
  });
  assert.equal((await gateway.create()).status, 502);
  const codes = async () => (await records()).map(({ status_code: code }) => code);
  const settled = ['peering-absent', 'peering-found'];
  await until('both creates are settled', async () => {
    const found = await codes();
    return settled.every((code) => found.includes(code));
  });
  await gateway.stop();
  for (const record of await records()) assertAuditRecord(record);
  for (const code of [...settled, 'torn-line-set-aside', 'chain-signed', 'upstream-unreachable'])
    assert.ok((await codes()).includes(code), code);
});
