// `serve`: the gateway, from the environment, until it is told to stop. Starts only when settings and policy have no
// fault, and says so in one line when its listeners are open.
import { hostname } from 'node:os';
import { withTimeout } from '../async/with-timeout.ts';
import { systemClock } from '../clock.ts';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { LineWriter } from '../logging/line-writer.ts';
import { createLogger } from '../logging/logger.ts';
import { warnAboutPolicy } from '../policy/store/warn-about-policy.ts';
import { listFaults, prepare } from './check.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';
import { requiredSettingsHelp } from './required-settings.ts';

const standardOutput = 1;
/** How long the last lines may take to leave when nobody reads them. */
const drainMs = 2000;

export const serveCommand: Command = {
  name: 'serve',
  topic: 'The gateway',
  summary: 'Run the gateway, with its settings from the environment.',
  help: `Usage: bin/peergate serve

Runs the gateway until SIGTERM or SIGINT. After SIGTERM it serves on for
SHUTDOWN_DELAY_MS; a second signal skips the rest of that time. SIGHUP reads
the policy again, SIGUSR2 reopens the audit file after a rotation. Logs go to
standard output, one JSON object a line, and so do audit records unless
AUDIT_FILE is set.

${requiredSettingsHelp}
Example, with the settings in a file of NAME=VALUE lines
  node --env-file=peergate.env bin/peergate serve

Exit status: 0 stopped, 1 there are faults, or the gateway could not start.
`,
  options: [],
  positionals: { min: 0, max: 0 },
  run: serve,
};

async function serve(input: CommandInput): Promise<ExitStatus> {
  const stopRequested = input.stopRequested();
  let reload: (() => void) | undefined;
  let reloadAsked = false;
  // From the start: a SIGHUP that nobody waits for ends the process.
  input.onReload(() => {
    reloadAsked = true;
    reload?.();
  });
  let reopen: (() => void) | undefined;
  let reopenAsked = false;
  input.onReopen(() => {
    reopenAsked = true;
    reopen?.();
  });
  const prepared = prepare(input.environment, systemClock.now());
  if (prepared.faults !== undefined) {
    input.stderr(`peergate does not start: ${listFaults(prepared.faults)}`);
    return 1;
  }
  const { config, policy } = prepared;
  const writer = new LineWriter(standardOutput);
  const logger = createLogger(config.logLevel, writer);
  // Whoever starts the gateway waits for these lines, whatever the level.
  const lifecycle = logger.child({}, { level: 'info' });
  for (const { variable, detail } of prepared.warnings) logger.warn({ variable }, `${variable}: ${detail}`);
  warnAboutPolicy(logger, policy.data, policy.warnings);
  const reporter = { version: input.version, instance: hostname() };
  try {
    const gateway = await startGateway(config, {
      clock: systemClock,
      logger,
      sink: writer,
      logLinesDropped: () => writer.dropped,
      reporter,
      policy,
    });
    const { port, adminPort } = gateway;
    const { version: policyVersion, mode } = gateway.policy();
    lifecycle.info({ port, adminPort, policyVersion, mode }, 'listening');
    reload = () => void gateway.reloadPolicy();
    reopen = () => void gateway.reopenAudit();
    if (reloadAsked) reload();
    if (reopenAsked) reopen();
    const signal = await stopRequested;
    lifecycle.info({ signal }, 'stopping');
    if (signal === 'SIGTERM' && config.shutdownDelayMs > 0) await serveOn(gateway, input);
    await gateway.stop();
    lifecycle.info('stopped');
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'the gateway could not be started or stopped');
    return 1;
  } finally {
    await withTimeout(drainMs, writer.drained());
  }
}

/** Until SHUTDOWN_DELAY_MS are over, or until a second signal. */
async function serveOn(gateway: RunningGateway, input: CommandInput): Promise<void> {
  const over = new AbortController();
  await gateway.drain(input.stopRequestedAgain(over.signal));
  over.abort();
}
