// What the figures were made on: without it they mean nothing. Nothing here tells who ran it or where.
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { searchPath } from '../stand/processes.ts';
import { benchFolder } from '../stand/stand.ts';

/** statfs(2): the file systems that one meets. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  16914836: 'tmpfs (no disk: the durable file is no faster than its promise here)',
};

export function describeMachine(): string {
  const processors = cpus();
  const disk = fileSystems[statfsSync(benchFolder).type] ?? 'a file system unknown here';
  const parts = [
    `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    haproxyVersion(),
    ...['express', 'undici', 'jose', 'pino', 'fastify', 'fast-jwt', '@fastify/reply-from'].map(
      packageVersion,
    ),
    `the disk of the project is ${disk}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Which peergate it was; empty where there is no git. */
export function describeCommit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: benchFolder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const changed =
      git('status', '--porcelain', '--', '../src', '../package-lock.json') === '' ? '' : ', changed';
    return ` at ${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return '';
  }
}

function haproxyVersion(): string {
  try {
    const text = execFileSync('haproxy', ['-v'], { encoding: 'utf8', env: { PATH: searchPath() } });
    return `HAProxy ${/version (\S+)/.exec(text)?.[1] ?? ''}`;
  } catch {
    return '';
  }
}

/** Of a peer's own packages, or of the gateway's, which the others use, too. */
function packageVersion(name: string): string {
  for (const folder of ['node_modules', '../node_modules']) {
    try {
      const text = readFileSync(`${benchFolder}${folder}/${name}/package.json`, 'utf8');
      return `${name} ${(JSON.parse(text) as { version: string }).version}`;
    } catch {
      // Not there: the next folder.
    }
  }
  return '';
}
