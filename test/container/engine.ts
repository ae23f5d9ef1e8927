// A container engine that is there, or the reason why no test can use one; images and containers that are gone when their
// test ends.
import { execFile, spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../commands/run-main.ts';

const run = promisify(execFile);

const info = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], {
  encoding: 'utf8',
  timeout: 20_000,
});

/** Why there is no engine, or `false`. No package of a distribution brings one that runs inside of a container. */
export const noEngine =
  info.status === 0 && info.stdout.trim() !== ''
    ? false
    : 'needs a Docker engine: `docker info` has no answer';

export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trimEnd();
}

/** Builds the image of this repository; gives its name. */
export async function buildImage(...args: string[]): Promise<string> {
  const name = `peergate-test:${process.pid}`;
  await docker('build', '--network=host', '--tag', name, ...args, '.');
  return name;
}

/** Starts a container as an operator should: read-only, without capabilities. Gives its id. */
export async function startContainer(
  test: TestContext,
  image: string,
  options: readonly string[],
  ...args: string[]
): Promise<string> {
  const id = await docker(
    'run',
    '--detach',
    '--network=host',
    '--read-only',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    ...options,
    image,
    ...args,
  );
  test.after(() => docker('rm', '--force', id));
  return id;
}

/** What `docker inspect` says of it, by a template. */
export const inspect = async (thing: string, template: string): Promise<string> =>
  await docker('inspect', '--format', template, thing);

/** A program in a new container that is gone with it: status and both outputs. */
export async function runOnce(image: string, options: readonly string[], ...args: string[]) {
  try {
    const { stdout, stderr } = await run('docker', [
      'run',
      '--rm',
      '--network=host',
      ...options,
      image,
      ...args,
    ]);
    return { status: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, out: stdout, err: stderr };
  }
}

/** Everything in a container's file system as `tar` lists it: mode, owner, size, date, time and path. */
export async function listFiles(container: string): Promise<string[]> {
  const command = `docker export ${container} | tar --list --verbose --file=-`;
  const { stdout } = await run('sh', ['-c', command], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trimEnd().split('\n');
}
