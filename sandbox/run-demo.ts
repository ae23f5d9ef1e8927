// The demo from start to end, without the process around it: what it returns is the exit status. All of its parts are
// closed when it returns, whether it was stopped, failed or came to its end.
import { nameOf, summaryOf } from './audit-record.ts';
import { type DemoParts, startDemoParts } from './demo-parts.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { showNextSteps } from './next-steps.ts';
import { showFleet } from './show-fleet.ts';
import type { Terminal } from './terminal.ts';
import { runTour } from './tour.ts';
import { tourSteps } from './tour-steps.ts';

export interface DemoOptions {
  readonly terminal: Terminal;
  readonly exitAfterTour: boolean;
  /** A filled sandbox to look at, in place of the tour. */
  readonly fleet?: boolean;
  /** Aborted with the exit status of a demo that did not get to its end. */
  readonly signal: AbortSignal;
  readonly onGateway?: (gateway: GatewayProcess) => void;
  /** What Node runs as the gateway, when it is not the gateway. */
  readonly command?: readonly string[];
  /** Serves with this policy, and without the tour, whose answers are those of the demo's policy. An absolute path. */
  readonly policyFile?: string | undefined;
  /** Gets the line of each audit record. */
  readonly saveRecord?: ((line: string) => void) | undefined;
}

export async function runDemo(options: DemoOptions): Promise<number> {
  const { terminal, exitAfterTour } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  let gateway: GatewayProcess | undefined;
  terminal.text('Starting …');
  try {
    const parts = await startDemoParts({
      ...options,
      signal,
      useDocumentedPorts: !exitAfterTour,
      onGateway(started) {
        gateway = started;
        started.ended.then((how) => ending.abort(new Error(`the gateway ${how}`)));
        options.onGateway?.(started);
      },
    });
    try {
      return await showEverything(parts, { ...options, signal });
    } finally {
      await parts.close();
    }
  } catch (error) {
    if (options.signal.aborted) return typeof options.signal.reason === 'number' ? options.signal.reason : 1;
    showFailure(terminal, signal.aborted ? signal.reason : error, gateway);
    return 1;
  }
}

/** The reason, and what the gateway had to say about it. */
function showFailure(terminal: Terminal, reason: unknown, gateway: GatewayProcess | undefined): void {
  terminal.blank();
  terminal.verdict(false, reason instanceof Error ? reason.message : String(reason));
  for (const line of gateway?.lastWords ?? []) terminal.text(line);
}

async function showEverything(parts: DemoParts, options: DemoOptions): Promise<number> {
  const { terminal, signal, exitAfterTour } = options;
  const cluster = parts.cloud.clusters[0]?.id ?? '';
  const peeringsUrl = `${parts.gatewayUrl}/database/clusters/${cluster}/vpc-peerings`;
  terminal.heading('0  Three parts, all of them on this machine');
  terminal.field('identity provider', parts.idp.issuer);
  terminal.field('Aerospike Cloud', `${parts.cloud.apiUrl} (a sandbox)`);
  terminal.field('gateway', parts.gatewayUrl);
  terminal.field('its admin listener', `${parts.adminUrl}/readyz`);
  if (parts.takenPorts.length > 0)
    terminal.text(
      `Taken by other programs: port ${parts.takenPorts.join(', ')}. So some addresses differ from those in the documentation.`,
    );

  let status = 0;
  if (options.fleet) await showFleet(terminal, parts, signal);
  else if (options.policyFile === undefined) status = await showTour(parts, options, peeringsUrl);
  if (exitAfterTour) return status;

  if (!options.fleet)
    showNextSteps(terminal, parts, peeringsUrl, options.policyFile ?? 'sandbox/demo-policy.yaml');
  terminal.blank();
  terminal.text('Serving until Ctrl-C. Audit records as they come:');
  parts.output.onRecord = (record) => terminal.note(`${nameOf(record)} · ${summaryOf(record)}`);
  await stopped(signal);
  parts.output.onRecord = undefined;
  terminal.blank();
  terminal.text('Stopping …');
  return status;
}

/** The status that its answers deserve. */
async function showTour(
  parts: DemoParts,
  { terminal, signal }: DemoOptions,
  peeringsUrl: string,
): Promise<number> {
  const place = { parts, terminal, signal, peeringsUrl, token: '', peeringId: '' };
  const { good, total } = await runTour(tourSteps, place);
  terminal.blank();
  terminal.verdict(good === total, `${good} of ${total} answers as expected`);
  return good === total ? 0 : 1;
}

async function stopped(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  // A number is the word to stop, which is the proper end; a gateway that ended by itself is not.
  if (typeof signal.reason !== 'number') throw signal.reason;
}
