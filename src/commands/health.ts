// `health`: asks the gateway with the same settings on this machine whether it lives, for a container's health check. One
// request to the admin listener, bounded in time, through no proxy; believes nothing but a 200.
import { get } from 'node:http';
import { adminAddress } from '../config/admin-address.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';

/** Less than the image gives the whole command, so that its reason is still told. */
const timeoutMs = 2000;

export const healthCommand: Command = {
  name: 'health',
  topic: 'The gateway',
  summary: 'Ask the gateway on this machine whether it lives.',
  help: `Usage: bin/peergate health

Asks /healthz at ADMIN_HOST (that of HOST without it) and ADMIN_PORT, within
2 s. It says that the process answers, not that it is ready: /readyz does.
It is the health check of the container image; where an orchestrator can send
the request itself, let it.

Example
  ADMIN_PORT=9090 bin/peergate health

Exit status: 0 it answers, 1 it does not, 2 called wrongly.
`,
  options: [],
  positionals: { min: 0, max: 0 },
  run: health,
};

async function health({ environment, stdout, stderr }: CommandInput): Promise<ExitStatus> {
  const address = adminAddress(environment);
  if (address === undefined) {
    stderr('ADMIN_HOST, or HOST without it, and ADMIN_PORT do not say where to ask.\n');
    return 1;
  }
  try {
    const status = await statusOf(address.host, address.port);
    if (status !== 200) throw new Error(`status ${status}`);
    stdout('alive\n');
    return 0;
  } catch (error) {
    stderr(`No good answer from port ${address.port} of ${address.host}: ${reasonOf(error as Error)}\n`);
    return 1;
  }
}

function statusOf(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    // No shared agent: a proxy that NODE_USE_ENV_PROXY gives that one has no business here.
    const options = { host, port, path: '/healthz', agent: false, signal: AbortSignal.timeout(timeoutMs) };
    const request = get(options, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    request.on('error', reject);
  });
}

const reasonOf = (error: Error): string =>
  error.name === 'AbortError' ? `nothing within ${timeoutMs} ms` : error.message;
