// The Dockerfile as instructions by stage, and the folder of the image that it makes of the repository, without an engine.
import { execFileSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import packageLock from '../../package-lock.json' with { type: 'json' };
import { readText, root } from '../docs/documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface Instruction {
  readonly name: string;
  /** Everything behind the name, in one line. */
  readonly text: string;
}

export interface Stage {
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

const instructions: readonly Instruction[] = readText('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({ name: line.split(' ')[0] ?? '', text: line.slice(line.indexOf(' ') + 1) }));

const firstStage = instructions.findIndex(({ name }) => name === 'FROM');

/** ARGs before the first stage. */
export const globalArguments = new Map(
  instructions.slice(0, firstStage).map(({ text }) => text.split('=') as [string, string]),
);

export const stages: readonly Stage[] = instructions
  .flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
  .map((start, index, starts) => ({
    base: instructions[start]?.text ?? '',
    instructions: instructions.slice(start + 1, starts[index + 1]),
  }));

export const finalStage: Stage = stages.at(-1) ?? { base: '', instructions: [] };

/** Where the folder of the application is put together. */
export const applicationStage: Stage = stages[1] ?? { base: '', instructions: [] };

/** The text of this instruction in the final stage; `undefined` when it is not there just once. */
export function only(name: string): string | undefined {
  const found = finalStage.instructions.filter((instruction) => instruction.name === name);
  return found.length === 1 ? found[0]?.text : undefined;
}

/** What is copied out of the repository, and to where. */
export const copiesOf = (stage: Stage): { readonly from: readonly string[]; readonly to: string }[] =>
  stage.instructions
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
    .map(({ text }) => text.split(' '))
    .map((words) => ({ from: words.slice(0, -1), to: words.at(-1) ?? '' }));

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

const locked = Object.entries(packageLock.packages as Record<string, LockedPackage>).filter(
  ([path]) => path !== '',
);

/** Folders of packages, from the root of the repository. */
export const productionPackages = locked.filter(([, { dev }]) => !dev).map(([path]) => path);
export const developmentPackages = locked.filter(([, { dev }]) => dev === true).map(([path]) => path);

/** The image's folder of the application: the production packages as installed here, pruned and copied as it says. */
export async function assemble(): Promise<string> {
  const folder = temporaryFolder();
  for (const path of productionPackages) {
    const ownOnly = (source: string) => !source.slice(join(root, path).length).includes('/node_modules');
    await cp(join(root, path), join(folder, path), { recursive: true, filter: ownOnly });
  }
  const prune = stages[0]?.instructions.find(({ name, text }) => name === 'RUN' && text.startsWith('find '));
  if (prune === undefined) throw new Error('nothing is pruned');
  execFileSync('sh', ['-c', prune.text], { cwd: folder });
  for (const { from, to } of copiesOf(applicationStage)) {
    for (const source of from) {
      const target = to.endsWith('/') ? join(to, source.split('/').at(-1) ?? '') : to;
      await mkdir(join(folder, dirname(target)), { recursive: true });
      await cp(join(root, source), join(folder, target), { recursive: true });
    }
  }
  return folder;
}
