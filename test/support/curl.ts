// Whether the programs that the documented calls need are here: curl, and jq, which reads answers.
import { spawnSync } from 'node:child_process';

const missing = ['curl', 'jq'].filter((name) => spawnSync(name, ['--version']).status !== 0);

/** Why a test is skipped; `false` when it runs. */
export const noCurl: string | false =
  missing.length === 0 ? false : `not installed: ${missing.join(', ')} (Debian: the same names)`;
