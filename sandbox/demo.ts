// `npm run demo`: the whole of peergate on this machine, with a tour. Ends with status 0 when every answer was the
// expected one, and however it ends, it leaves no process, socket or file behind.
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemo } from './run-demo.ts';
import { Terminal } from './terminal.ts';

const usage = `Usage: npm run demo [-- OPTIONS]

Starts an identity provider, an Aerospike Cloud sandbox and the gateway on
127.0.0.1, takes you on a tour of seven steps, and goes on serving until Ctrl-C.

Options:
  --exit         end after the tour: status 0 if every answer was the expected
                 one, otherwise 1
  --fleet        fill the sandbox with 12 clusters and about 150 peerings, to
                 look at in a browser, instead of the tour
  --policy FILE  serve with this policy, without the tour; not with --fleet
  --audit FILE   append the audit records to this file, to verify them with
                 bin/peergate audit verify FILE
  --help         print this
`;

interface Arguments {
  readonly exit?: boolean;
  readonly fleet?: boolean;
  readonly policy?: string;
  readonly audit?: string;
  readonly help?: boolean;
}

function readArguments(): Arguments | undefined {
  const options = {
    exit: { type: 'boolean' },
    fleet: { type: 'boolean' },
    policy: { type: 'string' },
    audit: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.fleet && values.policy !== undefined) throw new Error('--fleet has a policy of its own');
    return values;
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
    policyFile: options.policy === undefined ? undefined : fromCaller(options.policy),
    saveRecord: options.audit === undefined ? undefined : appender(fromCaller(options.audit)),
    onGateway: (gateway) => process.on('exit', () => gateway.kill()),
  });
}

/** npm changes the folder; a path counts from where the caller was. */
const fromCaller = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);

const appender = (file: string) => (line: string) => appendFileSync(file, `${line}\n`);

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
