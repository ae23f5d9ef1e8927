// The table of rooms in docs/architecture.md is held against the imports of the source: no room imports another that the
// table does not give it, and the table gives none that is not used.
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
