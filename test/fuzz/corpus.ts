// The cases that found something once, one JSON file each, in a folder of their surface and named for what they found.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SurfaceName } from './surfaces.ts';

const folderOf = (surface: SurfaceName): string =>
  fileURLToPath(new URL(`corpus/${surface}`, import.meta.url));

export interface SavedCase {
  readonly name: string;
  readonly fuzz: unknown;
}

export function readCorpus(surface: SurfaceName): readonly SavedCase[] {
  const folder = folderOf(surface);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, fuzz: JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown }));
}

/** Gives the path of the file. An earlier case of this name is replaced. */
export function saveCase(surface: SurfaceName, name: string, fuzz: unknown): string {
  const folder = folderOf(surface);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  writeFileSync(path, `${JSON.stringify(fuzz, null, 2)}\n`);
  return path;
}
