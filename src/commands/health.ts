// `health`: checks whether the gateway with these settings is alive on this machine, for a container's health check. Sends one
// request to the admin listener, with a timeout and without a proxy. Only a 200 means alive.
import { get } from 'node:http';
import { adminAddress } from '../config/admin-address.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';

/** Shorter than the timeout of the image's health check, so that the reason is still printed. */
const timeoutMs = 2000;

export const healthCommand: Command = {
  help: `Usage: bin/peergate health

Requests /healthz from ADMIN_HOST (default: HOST) and ADMIN_PORT, with a
timeout of 2 s. A good answer means that the process is alive, not that it is
ready; see /readyz for that. This is the health check of the container image.
Prefer the orchestrator's own HTTP checks if it has any.

Example
  ADMIN_PORT=9090 bin/peergate health

Exit status: 0 alive, 1 no good answer, 2 wrong usage.
`,
  run: health,
};

async function health({ environment, stdout, stderr }: CommandInput): Promise<ExitStatus> {
  const address = adminAddress(environment);
  if (address === undefined) {
    stderr('ADMIN_HOST (default: HOST) and ADMIN_PORT are not a valid address.\n');
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
    // No shared agent: NODE_USE_ENV_PROXY would make it use a proxy.
    const options = { host, port, path: '/healthz', agent: false, signal: AbortSignal.timeout(timeoutMs) };
    const request = get(options, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    request.on('error', reject);
  });
}

const reasonOf = (error: Error): string =>
  error.name === 'AbortError' ? `timeout after ${timeoutMs} ms` : error.message;
