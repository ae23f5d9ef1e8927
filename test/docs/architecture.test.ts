// The table of rooms in docs/architecture.md is held against the imports of the source: no room imports another that the
// table does not give it, and the table gives none that is not used. Nothing is exported that nobody needs.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';
import { codeSpans, readText, root, tableRows } from './documents.ts';

interface Imports {
  readonly values: Set<string>;
  readonly types: Set<string>;
}

/** A file at the top of `src/` is a room of its own; without its extension. */
const roomOf = (path: string): string => path.split('/')[0]?.replace(/\.ts$/, '') ?? '';

function actualImports(): Map<string, Imports> {
  const rooms = new Map<string, Imports>();
  for (const entry of readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })) {
    const file = entry.replaceAll('\\', '/');
    if (!file.endsWith('.ts')) continue;
    const imports = rooms.get(roomOf(file)) ?? { values: new Set(), types: new Set() };
    rooms.set(roomOf(file), imports);
    for (const [, kind, names, from] of readText(`src/${file}`).matchAll(statement)) {
      const target = join(dirname(file), from ?? '');
      if (target.startsWith('..') || roomOf(target) === roomOf(file)) continue;
      (kind || onlyTypes(names ?? '') ? imports.types : imports.values).add(roomOf(target));
    }
  }
  return rooms;
}

const statement = /^(?:import|export) (type )?(\{[^}]*\}|[\w* ]+) from '(\.[^']*)'/gm;

const onlyTypes = (names: string): boolean =>
  names
    .replaceAll(/[{}\n]/g, ' ')
    .split(',')
    .every((name) => name.trim() === '' || name.trim().startsWith('type '));

const sorted = (names: Iterable<string>): string[] => [...names].sort();

test('rooms import what the table of the architecture gives them, and nothing else', () => {
  const documented = tableRows(readText('docs/architecture.md'), 'room').map(
    ([room = '', , values = '', types = '']) => ({
      room: codeSpans(room)[0]?.replace(/\.ts$/, ''),
      values: sorted(codeSpans(values)),
      types: sorted(codeSpans(types)),
    }),
  );
  const actual = [...actualImports()].map(([room, { values, types }]) => ({
    room,
    values: sorted(values),
    types: sorted([...types].filter((name) => !values.has(name))),
  }));
  const byRoom = (a: { room?: string | undefined }, b: { room?: string | undefined }) =>
    String(a.room).localeCompare(String(b.room));
  assert.deepEqual(documented.sort(byRoom), actual.sort(byRoom));
});

/** TypeScript below a folder of the repository, by its path. */
const sourcesBelow = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'));

/** By an import at the start of a file, or by one on the way. */
const imported =
  /^(?:import|export) (?:type )?\{([^}]*)\} from|\{([^{}]*)\} = (?:await import|read)\(|await import\('[^']*'\)\)\.(\w+)/gm;

const namesImportedIn = (files: readonly string[]): Set<string> =>
  new Set(
    files.flatMap((path) =>
      [...readText(path).matchAll(imported)].flatMap(([, names, late, one]) =>
        (names ?? late ?? one ?? '').split(',').map((name) => name.trim().replace(/^type | as .*$/g, '')),
      ),
    ),
  );

test('all that a file of src exports is imported by another one, or used by itself and imported by a test', () => {
  const imports = namesImportedIn(['src', 'scripts', 'sandbox', 'bench'].flatMap(sourcesBelow));
  const tried = namesImportedIn(sourcesBelow('test'));
  const dead = sourcesBelow('src').flatMap((path) => {
    const text = readText(path);
    const exported = [...text.matchAll(/^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)];
    return exported
      .map(([, name = '']) => name)
      .filter((name) => {
        const isUsedHere = text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length !== 1;
        return !imports.has(name) && !(tried.has(name) && isUsedHere);
      })
      .map((name) => `${path}: ${name}`);
  });
  assert.deepEqual(dead, []);
});
