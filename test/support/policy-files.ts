// Policies on disk as tests of the reload change them, and waiting for what comes of it.
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const patienceMs = 30_000;
const pauseMs = 25;

/** Resolves as soon as the condition gives something. Rejects when it does not in a time that no machine needs. */
export async function until<T>(what: string, condition: () => T | undefined | false): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = condition();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** As an editor or a deployment tool does it: no reader ever sees a half. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

type Files = Readonly<Record<string, string>>;

/** A folder as a kubelet mounts a ConfigMap: every file is a symlink through `..data`, which alone is swapped. */
export async function configMap(folder: string, files: Files) {
  let generation = 0;
  const write = async (content: Files): Promise<string> => {
    generation += 1;
    const name = `..2026_${generation}`;
    await mkdir(join(folder, name));
    for (const [file, text] of Object.entries(content)) await writeFile(join(folder, name, file), text);
    return name;
  };
  let current = await write(files);
  await symlink(current, join(folder, '..data'));
  for (const file of Object.keys(files)) await symlink(join('..data', file), join(folder, file));
  return {
    path: (file: string) => join(folder, file),
    /** All files at once. */
    async swap(content: Files): Promise<void> {
      const next = await write(content);
      await symlink(next, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
      await rm(join(folder, current), { recursive: true });
      current = next;
    },
  };
}
