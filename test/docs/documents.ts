// The documents as the tests see them: their text, their tables, their links and what they name. Fenced blocks count as
// text of their own and never as tables or links.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Every document, by its path from the root. */
export const documents: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CODE_OF_CONDUCT.md',
  'examples/README.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .sort(),
];

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

export const withoutFences = (text: string): string => text.replaceAll(fence, '');

/** The contents of the fenced blocks in this language. */
export const fencedBlocks = (text: string, language: string): string[] =>
  [...text.matchAll(fence)].filter(([, name]) => name === language).map(([, , content]) => content ?? '');

/** The rows of every table whose first head cell is this one, without the head. */
export function tableRows(text: string, firstHead: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of withoutFences(text).split('\n')) {
    if (!line.startsWith('|')) inside = false;
    else if (line.startsWith(`| ${firstHead} |`)) inside = true;
    else if (inside && !line.startsWith('| --- |')) rows.push(cellsOf(line));
  }
  return rows;
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** What stands in backticks. */
export const codeSpans = (text: string): string[] =>
  [...withoutFences(text).matchAll(/`([^`]+)`/g)].map(([, span]) => span?.replaceAll('\n', ' ') ?? '');

/** Targets of links that are not addresses of other sites. */
export const relativeLinks = (text: string): string[] =>
  [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that GitHub gives to a document's headings. */
export const anchorsOf = (text: string): string[] =>
  [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
