// `serve`: runs the gateway until a stop signal. Starts only if settings and policy have no fault, and logs one line when its
// listeners are open.
import { hostname } from 'node:os';
import { withTimeout } from '../async/with-timeout.ts';
import { systemClock } from '../clock.ts';
import { describeWarning } from '../config/load.ts';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { LineWriter } from '../logging/line-writer.ts';
import { createLogger } from '../logging/logger.ts';
import { warnAboutPolicy } from '../policy/store/warn-about-policy.ts';
import { listFaults, prepare } from './check.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';
import { requiredSettingsHelp } from './required-settings.ts';

const standardOutput = 1;
/** Timeout for writing the last lines if nobody reads them. */
const drainMs = 2000;

export const serveCommand: Command = {
  help: `Usage: bin/peergate serve

Runs the gateway until SIGTERM or SIGINT. After SIGTERM it keeps serving for
SHUTDOWN_DELAY_MS; a second signal skips the rest of that time. SIGHUP reads
policy and issuers again, SIGUSR2 reopens the audit file after a rotation. Logs
go to standard output, one JSON object a line, and so do audit records unless
AUDIT_FILE is set.

${requiredSettingsHelp}
Example, with the settings in a file of NAME=VALUE lines
  node --env-file=peergate.env bin/peergate serve

Exit status: 0 stopped, 1 there are faults, or the gateway failed to start.
`,
  run: serve,
};

async function serve(input: CommandInput): Promise<ExitStatus> {
  const stopRequested = input.stopRequested();
  let reload: (() => void) | undefined;
  let reloadRequested = false;
  // Registered at once: without a listener SIGHUP ends the process.
  input.onReload(() => {
    reloadRequested = true;
    reload?.();
  });
  let reopen: (() => void) | undefined;
  let reopenRequested = false;
  input.onReopen(() => {
    reopenRequested = true;
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
  // Logged at any LOG_LEVEL: scripts that start the gateway wait for these lines.
  const lifecycle = logger.child({}, { level: 'info' });
  for (const warning of prepared.warnings)
    logger.warn({ variable: warning.variable }, describeWarning(warning));
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
    void writer.drained().then(gateway.openMetrics);
    reload = () => void gateway.reload();
    reopen = () => void gateway.reopenAudit();
    if (reloadRequested) reload();
    if (reopenRequested) reopen();
    const signal = await stopRequested;
    lifecycle.info({ signal }, 'stopping');
    if (signal === 'SIGTERM' && config.shutdownDelayMs > 0) await drain(gateway, input);
    await gateway.stop();
    lifecycle.info('stopped');
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'failed to start or stop the gateway');
    return 1;
  } finally {
    await withTimeout(drainMs, writer.drained());
  }
}

/** Keeps serving for SHUTDOWN_DELAY_MS, or until a second signal. */
async function drain(gateway: RunningGateway, input: CommandInput): Promise<void> {
  const over = new AbortController();
  await gateway.drain(input.stopRequestedAgain(over.signal));
  over.abort();
}
