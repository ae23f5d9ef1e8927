// Proves that the simulation finds what it is for: plants one bug after the other into a copy of the gateway, and runs seeds until
// an invariant is violated.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const plantedFolder = join(root, 'simulation/planted');
/** A bug that so many seeds do not find is not found. */
const maxSeeds = 600;

export interface PlantedBug {
  /** The name of its file, without the ending. */
  readonly name: string;
  readonly path: string;
  /** The first line of the file: what it breaks. */
  readonly breaks: string;
}

export const plantedBugs = (): PlantedBug[] =>
  readdirSync(plantedFolder)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => {
      const path = join(plantedFolder, file);
      const [first = ''] = readFileSync(path, 'utf8').split('\n');
      return { name: file.replace('.patch', ''), path, breaks: first.replace(/^# /, '') };
    });

export async function proveHarness(only: string | undefined, print: (text: string) => void): Promise<number> {
  let missed = 0;
  print('| planted bug | what it breaks | violated | seeds |\n| --- | --- | --- | --- |');
  for (const bug of plantedBugs().filter(({ name }) => only === undefined || name.startsWith(only))) {
    const found = await findBug(bug);
    if (found === undefined) missed += 1;
    print(
      `| ${bug.name} | ${bug.breaks} | ${found?.invariant ?? '**not found**'} | ${found?.seeds ?? maxSeeds} |`,
    );
  }
  print(missed === 0 ? '\nevery planted bug was found' : `\n${missed} planted bugs were not found`);
  return missed === 0 ? 0 : 1;
}

/** In a copy, which is gone afterwards. Throws if the patch does not apply. */
async function findBug({ path }: PlantedBug): Promise<{ invariant: string; seeds: number } | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'peergate-planted-'));
  try {
    for (const part of ['src', 'simulation', 'openapi', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    execFileSync('git', ['apply', path], { cwd: folder });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(folder, 'simulation/find-first.ts'), String(maxSeeds)],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    return JSON.parse(stdout) ?? undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
