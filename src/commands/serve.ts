// `serve`: the gateway, from the environment, until it is told to stop. Starts only when settings and policy have no
// fault, and says so in one line when its listeners are open.
import { hostname } from 'node:os';
import { systemClock } from '../clock.ts';
import { startGateway } from '../gateway.ts';
import { LineWriter } from '../log/line-writer.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { listFaults, prepare } from './check.ts';
import type { CommandInput, ExitStatus } from './command.ts';

const standardOutput = 1;
/** How long the last lines may take to leave when nobody reads them. */
const drainMs = 2000;

export interface ServeInput extends CommandInput {
  /** Resolves when the process is asked to stop. */
  readonly stopRequested: Promise<void>;
}

export async function serve(input: ServeInput): Promise<ExitStatus> {
  const prepared = await prepare(input.environment);
  if (prepared.faults !== undefined) {
    input.complain(`peergate does not start: ${listFaults(prepared.faults)}`);
    return 1;
  }
  const { config, policies } = prepared;
  const writer = new LineWriter(standardOutput);
  const logger = createLogger(config.logLevel, writer);
  // Whoever starts the gateway waits for these lines, whatever the level.
  const lifecycle = logger.child({}, { level: 'info' });
  warnOfMissingParts(input, config.preflight, logger);
  const reporter = { version: input.version, instance: hostname() };
  try {
    const gateway = await startGateway(config, {
      clock: systemClock,
      logger,
      sink: writer,
      reporter,
      policies,
    });
    lifecycle.info({ port: gateway.port, adminPort: gateway.adminPort }, 'listening');
    await input.stopRequested;
    lifecycle.info('stopping');
    await gateway.stop();
    lifecycle.info('stopped');
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'the gateway could not be started or stopped');
    return 1;
  } finally {
    await Promise.race([writer.drained(), new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
  }
}

/** Parts of the interface that this version lacks and whose absence no request would show. */
function warnOfMissingParts(
  { environment }: CommandInput,
  preflight: 'enforce' | 'off',
  logger: Logger,
): void {
  if (preflight === 'enforce') {
    logger.warn(
      'this version has no preflight: a create is forwarded without a look at the cluster; set PREFLIGHT=off',
    );
  }
  if (environment['OTEL_EXPORTER_OTLP_ENDPOINT']) logger.warn('this version sends no traces');
}
