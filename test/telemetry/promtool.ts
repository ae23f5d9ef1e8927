// Prometheus's own judge of metrics and rules, of Debian's package `prometheus`.
import { spawnSync } from 'node:child_process';

/** Why what needs it is skipped; `false` when it is there. */
export const noPromtool: string | false =
  spawnSync('promtool', ['--version']).status === 0
    ? false
    : 'promtool is not installed (Debian: prometheus)';

export interface Judgement {
  readonly status: number | null;
  /** Both outputs. */
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): Judgement {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
