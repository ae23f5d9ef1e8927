// `npm run demo`: the whole of peergate on this machine, with a tour. Ends with status 0 when every answer was the
// expected one, and however it ends, it leaves no process, socket or file behind.
import { parseArgs } from 'node:util';
import { runDemo } from './run-demo.ts';
import { Terminal } from './terminal.ts';

const usage = `Usage: npm run demo [-- OPTIONS]

Starts an identity provider, an Aerospike Cloud sandbox and the gateway on
127.0.0.1, takes you on a tour of seven steps, and goes on serving until Ctrl-C.

Options:
  --exit   end after the tour: status 0 if every answer was the expected one,
           otherwise 1
  --fleet  fill the sandbox with 12 clusters and about 150 peerings instead of
           the tour, to look at in a browser
  --help   print this
`;

function readArguments(): { exit?: boolean; fleet?: boolean; help?: boolean } | undefined {
  try {
    const flag = { type: 'boolean' } as const;
    return parseArgs({ options: { exit: flag, fleet: flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    return undefined;
  }
}

const signalStatus = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(): Promise<number> {
  const options = readArguments();
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const stopping = new AbortController();
  for (const [name, status] of Object.entries(signalStatus)) {
    process.on(name, () => {
      // The second one means that the first one took too long; `exit` still ends the child.
      if (stopping.signal.aborted) process.exit(status);
      stopping.abort(status);
    });
  }
  stopWithoutParent(stopping);
  // A reader that went away (`npm run demo | head`) ends the demo as a signal would.
  process.stdout.on('error', () => stopping.abort(signalStatus.SIGTERM));
  const terminal = new Terminal({
    write: (text) => process.stdout.write(text),
    colours: process.stdout.isTTY && !process.env['NO_COLOR'],
  });
  return await runDemo({
    terminal,
    exitAfterTour: options.exit ?? false,
    fleet: options.fleet ?? false,
    signal: stopping.signal,
    onGateway: (gateway) => process.on('exit', () => gateway.kill()),
  });
}

/** npm hands SIGTERM to the shell between us, and some shells end without telling us: then nobody is left to stop us. */
function stopWithoutParent(stopping: AbortController): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) stopping.abort(signalStatus.SIGTERM);
  }, 500);
  timer.unref();
}

process.exitCode = await main();
