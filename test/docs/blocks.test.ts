// No command and no output in a document goes unchecked: above each block stands which test runs it, or that it is an
// example of another system.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { documents, readText, root } from './documents.ts';

/** Pages whose commands have a test of their own, without a comment in the page. */
const testedPages: Readonly<Record<string, string>> = {
  'docs/audit.md': 'test/docs/audit-guide.test.ts',
  'docs/audit-records.md': 'test/commands/audit-verify.test.ts',
  'docs/fleet.md': 'test/commands/peerings.test.ts',
};

const pages = documents.filter((path) => path !== 'CHANGELOG.md' && !path.startsWith('docs/adr/'));

/** Each block of commands or output, with the last of the comments above it that says what checks it. */
function blocksOf(text: string): { line: number; mark: string | undefined }[] {
  const blocks: { line: number; mark: string | undefined }[] = [];
  let mark: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    mark = /^ *<!-- (run by \S+|example: .+|diagram) -->$/.exec(line)?.[1] ?? mark;
    if (/^ *```(?:sh|console|text)$/.test(line)) blocks.push({ line: index + 1, mark });
  }
  return blocks;
}

for (const path of pages)
  test(`every command and every output of ${path} is run by a test or marked as an example`, () => {
    const whole = testedPages[path];
    if (whole !== undefined) assert.ok(existsSync(join(root, whole)), whole);
    for (const { line, mark } of blocksOf(readText(path))) {
      assert.ok(mark !== undefined || whole !== undefined, `${path}:${line}`);
      const runBy = mark?.startsWith('run by ') ? mark.slice('run by '.length) : undefined;
      if (runBy === undefined) continue;
      assert.ok(existsSync(join(root, runBy)), `${path}:${line} names ${runBy}`);
      const named = new RegExp(basename(path).replace('.', '\\.'));
      if (runBy.startsWith('test/')) assert.match(readText(runBy), named, `${path}:${line}`);
    }
  });
