// Whom the examples in deploy/ trust to say in X-Forwarded-For who called: the ingress and nobody else, so that no other pod and
// no other container chooses the address that is limited and recorded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import express from 'express';
import { startTestGateway } from '../support/gateway.ts';
import { compose, deploy, gateways } from './compose.ts';
import { environmentOf, gatewayOf, kubernetes, manifestsOf, overlays, sources } from './manifests.ts';

/** Addresses of pods and nodes in the ranges that kubeadm, k3s, Calico, Cilium, EKS, GKE, AKS and Docker begin with. */
const strangers = [
  ...['10.244.0.5', '10.244.255.9', '10.42.0.5', '192.168.17.4', '10.0.1.7', '172.31.9.9', '100.64.0.5'],
  ...['10.4.0.9', '10.224.0.9', '172.17.0.2', '127.0.0.1', '169.254.1.1', '203.0.113.9'],
  ...['fd00:10:244::5', 'fd00::1', '::1', 'fe80::1', '2001:db8::9'],
];

const maxAddresses = 16;

function assertNarrow(trusted: string): void {
  const blocks = trusted.split(',');
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const addresses = 2 ** (bits - Number(prefix ?? bits));
    assert.ok(addresses <= maxAddresses, `${block} has ${addresses} addresses`);
  }
  // As the gateway itself decides it.
  const app = express();
  app.set('trust proxy', blocks);
  const trusts: (address: string, hop: number) => boolean = app.get('trust proxy fn');
  for (const stranger of strangers) assert.equal(trusts(stranger, 0), false, stranger);
}

const trustedBy = (overlay: string): string => {
  const manifests = manifestsOf(overlay);
  return String(environmentOf(gatewayOf(manifests), manifests)['TRUST_PROXY']);
};

for (const overlay of overlays) {
  test(`the overlay ${overlay} trusts a few addresses outside every usual range of pods, to be replaced by the ingress controller's`, () => {
    assertNarrow(trustedBy(overlay));
    assert.match(trustedBy(overlay), /^192\.0\.2\.\d+\/\d+$/, 'a range for documentation (RFC 5737)');
  });

  test(`with the settings of ${overlay} no other pod can choose the address that is recorded, by X-Forwarded-For`, async (t) => {
    // The test itself has the place of the ingress, and reports each pod behind the address that the pod claims.
    const gateway = await startTestGateway(t, {
      environment: { TRUST_PROXY: `127.0.0.1,${trustedBy(overlay)}` },
    });
    const pods = ['10.244.0.5', '10.244.255.9', '10.42.0.5'];
    for (const pod of pods) {
      const headers = { 'x-forwarded-for': `203.0.113.9, ${pod}` };
      assert.equal((await gateway.create(undefined, headers)).status, 201);
    }
    const recorded = gateway.records.map(({ src_endpoint }) => src_endpoint.ip);
    assert.deepEqual([...new Set(recorded)], pods);
  });
}

test('the gateways of the compose file trust nginx, which replaces X-Forwarded-For, and no other container or host', () => {
  for (const name of gateways) {
    const trusted = compose.services[name].environment['TRUST_PROXY'];
    assert.equal(trusted, compose.services.nginx.networks.front.ipv4_address);
    assertNarrow(trusted);
  }
  const nginx = readFileSync(join(deploy, 'compose/nginx/nginx.conf'), 'utf8');
  assert.deepEqual(nginx.match(/X-Forwarded-For .*;/g), ['X-Forwarded-For $remote_addr;']);
});

test('no base, component or other overlay says whom to trust', () => {
  const naming = sources.filter((path) =>
    /^\s*TRUST_PROXY[=:]|name: TRUST_PROXY/m.test(readFileSync(join(kubernetes, path), 'utf8')),
  );
  assert.deepEqual(naming, ['overlays/example/settings.env']);
});
