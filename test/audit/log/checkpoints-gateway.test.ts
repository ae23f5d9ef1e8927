// A whole gateway signs its chain exactly if it has a key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../support/gateway.ts';
import { verify, writeLogs } from '../verify/chained-log.ts';
import { makeKeys } from '../verify/signed-log.ts';
import { FaultySink } from './faulty-sink.ts';

const keys = await makeKeys();

test('a gateway signs the beginning of its chain and at its stop when it has a key, and never without one', async (t) => {
  const [keyFile = ''] = await writeLogs({ 'key.jwk': JSON.stringify(keys.privateJwk) });
  for (const environment of [{ AUDIT_SIGNING_KEY_FILE: keyFile }, undefined]) {
    const sink = new FaultySink();
    const gateway = await startTestGateway(t, { sink, ...(environment ? { environment } : {}) });
    assert.equal((await gateway.create()).status, 201);
    await gateway.stop();
    const { findings, signed } = await verify(sink.lines, { keys: keys.verifying });
    if (environment === undefined) {
      assert.equal(sink.codes.includes('audit.checkpoint'), false);
      assert.equal(signed?.checkpoints, 0);
    } else {
      assert.equal(sink.codes.at(-1), 'audit.checkpoint');
      assert.deepEqual([findings, signed?.checkpoints, signed?.unsigned], [[], 2, 0]);
    }
  }
});
