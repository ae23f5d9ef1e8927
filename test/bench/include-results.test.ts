// The page on performance holds the figures of the result files, to the letter, or says that there are none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { includeResults } from '../../bench/report/include-results.ts';
import { readResult } from '../../bench/report/write-results.ts';

const results =
  '# Title\n\nMade on a day.\n\n![chart](c.svg)\n\n## First\n\n| a |\n\n## Second, more\n\n| b |\n';
const place = (file: string, heading: string, text: string) =>
  `before\n<!-- figures: ${file}, ${heading} -->\n${text}<!-- end of figures -->\nafter`;
const read = (file: string) => (file === 'r.md' ? results : undefined);

test('a place gets the section that it names, and what stood there is gone', () => {
  for (const [heading, text] of [
    ['First', '| a |'],
    ['Second, more', '| b |'],
    ['top', 'Made on a day.'],
  ] as const) {
    const wanted = place('r.md', heading, `\n${text}\n\n`);
    assert.equal(includeResults(place('r.md', heading, 'old\n'), read), wanted);
    assert.equal(includeResults(wanted, read), wanted);
  }
});

test('a place without a result says so, and a section that is not there is a fault', () => {
  assert.match(includeResults(place('none.md', 'top', ''), read), /Not measured yet/);
  assert.throws(() => includeResults(place('r.md', 'Third', ''), read), /no section "Third"/);
});

test('docs/performance.md has the figures of the result files', () => {
  const text = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
  assert.ok(text.match(/<!-- figures: /g));
  assert.equal(text, includeResults(text, readResult), 'npm run bench -- include');
});
