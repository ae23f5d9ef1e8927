// What to try once the tour is over: lines that can be pasted into a shell as they are.
import type { DemoParts } from './demo-parts.ts';
import { demoClients } from './service-clients.ts';
import type { Terminal } from './terminal.ts';
import { allowedCreate, deniedCreate } from './tour-creates.ts';

/** A line that puts a token into `TOKEN`. */
export function showTokenCommand(terminal: Terminal, { idp }: DemoParts): void {
  const { clientId, clientSecret } = demoClients.payments;
  const form = `-d grant_type=client_credentials -d client_id=${clientId} -d client_secret=${clientSecret}`;
  const scope = `-d 'scope=read:database update:database delete:database'`;
  terminal.command(
    `TOKEN=$(curl -s ${idp.tokenEndpoint} ${form} ${scope} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
  );
}

export function showNextSteps(
  terminal: Terminal,
  parts: DemoParts,
  peeringsUrl: string,
  policyFile: string,
): void {
  const json = `-H 'Content-Type: application/json'`;
  const another = { ...allowedCreate, vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.8.0/22' };

  terminal.heading('What to try next');
  terminal.text('A token, good for ten minutes, into a shell variable:');
  showTokenCommand(terminal, parts);
  terminal.text('A create that is allowed:');
  terminal.command(
    `curl -i ${peeringsUrl} -H "Authorization: Bearer $TOKEN" ${json} -d '${JSON.stringify(another)}'`,
  );
  terminal.text('The list:');
  terminal.command(`curl -i ${peeringsUrl} -H "Authorization: Bearer $TOKEN"`);
  terminal.text('The id of the newest peering, into another variable:');
  terminal.command(
    `ID=$(curl -s "${peeringsUrl}?limit=100" -H "Authorization: Bearer $TOKEN" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')`,
  );
  terminal.text('That peering, with what has to be done in AWS; then, once it is active:');
  terminal.command(`curl -i "${peeringsUrl}/$ID" -H "Authorization: Bearer $TOKEN"`);
  terminal.command(
    `curl -i "${peeringsUrl}/$ID?wait=active&timeoutSeconds=30" -H "Authorization: Bearer $TOKEN"`,
  );
  terminal.text('And its delete:');
  terminal.command(`curl -i -X DELETE "${peeringsUrl}/$ID" -H "Authorization: Bearer $TOKEN"`);
  terminal.text('A create that is denied:');
  terminal.command(
    `curl -i ${peeringsUrl} -H "Authorization: Bearer $TOKEN" ${json} -d '${JSON.stringify(deniedCreate)}'`,
  );
  terminal.text('A dry run: what would the gateway answer? Nothing is sent to Aerospike Cloud.');
  terminal.command(
    `curl -i "${peeringsUrl}?dryRun=true" -H "Authorization: Bearer $TOKEN" ${json} -d '${JSON.stringify(deniedCreate)}'`,
  );
  terminal.text('What this service may do:');
  terminal.command(
    `curl ${parts.gatewayUrl}/policy/effective -H "Authorization: Bearer $TOKEN" -H 'Accept: text/markdown'`,
  );
  terminal.text('The same in a browser, with this token:');
  terminal.command(`${parts.gatewayUrl}/docs/policy`);
  terminal.text('The contract:');
  terminal.command(`${parts.gatewayUrl}/docs`);
  terminal.blank();
  terminal.text(
    `Other services: ${demoClients.reporting.clientId} (may only list) and ${demoClients.legacyBilling.clientId}, each with the secret demo-secret-of-NAME.`,
  );
  terminal.text(`The policy is ${policyFile}. The gateway reads it again when it changes.`);
  terminal.text('Options: npm run demo -- --help');
}
