// The example for Kubernetes trusts the ingress controller and nobody else: no other pod can choose the address that rate
// limits and audit records go by.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';

const settings = readFileSync(
  new URL('../../deploy/kubernetes/overlays/example/settings.env', import.meta.url),
  'utf8',
);
const trusted = /^TRUST_PROXY=(.+)$/m.exec(settings)?.[1] ?? '';

/** The usual range of a cluster's pods (kubeadm with flannel), of which a scheduler gives any address to any pod. */
const podNetwork = '10.244.';

test('the example trusts a few addresses, not the range of pods', () => {
  const list = new BlockList();
  for (const block of trusted.split(',')) {
    const [address = '', prefix = '32'] = block.split('/');
    assert.ok(Number(prefix) >= 24, block);
    list.addSubnet(address, Number(prefix));
  }
  for (const pod of ['0.7', '1.9', '17.200', '254.3']) assert.ok(!list.check(`${podNetwork}${pod}`), pod);
});

test('a pod that is not the ingress controller cannot choose its address with X-Forwarded-For', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: trusted } });
  const reply = await gateway.create(undefined, { 'x-forwarded-for': '203.0.113.9' });
  assert.equal(reply.status, 201);
  assert.deepEqual(
    gateway.records.map(({ src_endpoint }) => src_endpoint.ip),
    ['127.0.0.1', '127.0.0.1'],
  );
});
