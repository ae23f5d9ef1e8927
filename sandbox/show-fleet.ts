// `npm run demo -- --fleet`: fills the sandbox with a fleet, most of it through the gateway, and says where to look at it.
import type { DemoParts } from './demo-parts.ts';
import { fillFleet, fleetPeerings } from './fleet.ts';
import { callGateway } from './gateway-call.ts';
import { showTokenCommand } from './next-steps.ts';
import { requestToken } from './request-token.ts';
import { demoClients } from './service-clients.ts';
import type { Terminal } from './terminal.ts';

/** Rejects when the gateway refuses a create that its policy should allow. */
export async function showFleet(terminal: Terminal, parts: DemoParts, signal: AbortSignal): Promise<void> {
  const { clusters } = parts.cloud;
  const { clientId, clientSecret, scopes } = demoClients.payments;
  const scope = scopes.join(' ');
  const token = await requestToken({ issuer: parts.idp.issuer, clientId, clientSecret, scope }, signal);
  await fillFleet(parts.cloud, async (cluster, body) => {
    const url = `${parts.gatewayUrl}/database/clusters/${cluster}/vpc-peerings`;
    const created = await callGateway({ url, method: 'POST', token, body }, signal);
    if (created.status !== 201) throw new Error(`a create for the fleet was answered with ${created.status}`);
    return (created.body as { id: string }).id;
  });
  terminal.heading(`A fleet of ${clusters.length} clusters and ${fleetPeerings.length} peerings`);
  terminal.text('A token, good for ten minutes, into a shell variable:');
  showTokenCommand(terminal, parts);
  terminal.text('The page, for a browser and the token (echo $TOKEN):');
  terminal.command(`${parts.gatewayUrl}/docs/peerings`);
  terminal.text('The same as JSON:');
  terminal.command(`curl -s ${parts.gatewayUrl}/peerings -H "Authorization: Bearer $TOKEN"`);
  terminal.text('The policy is sandbox/fleet-policy.yaml.');
}
