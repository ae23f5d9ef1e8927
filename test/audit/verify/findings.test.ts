// Findings are told once each: neighbouring records of which the same is to be said are one, everything else stays apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FindingKind, Findings } from '../../../src/audit/verify/findings.ts';

const at = (sequence: number, { file = 'a', line = sequence, chain = 'c' } = {}) => ({
  file,
  line,
  chain,
  sequence,
});

function told(add: (findings: Findings) => void, files: readonly string[] = ['a', 'b']): string[] {
  const findings = new Findings();
  add(findings);
  return findings.all(files).map(({ kind, file, line, from, to }) => `${kind} ${file}:${line} ${from}-${to}`);
}

test('neighbours of one chain, one kind and one reason are one finding, at the line of the first', () => {
  const one = told((findings) => {
    findings.add('changed', at(3), 'x');
    findings.add('missing', at(9), 'x');
    findings.add('changed', at(4), 'x');
    findings.add('changed', at(5), 'x');
  });
  assert.deepEqual(one, ['changed a:3 3-5', 'missing a:9 9-9']);
});

test('a gap, another chain or another reason is another finding', () => {
  const apart = told((findings) => {
    findings.add('changed', at(1), 'x');
    findings.add('changed', at(3), 'x');
    findings.add('changed', at(4), 'y');
    findings.add('changed', at(5, { chain: 'd' }), 'y');
    findings.add('changed', at(5, { chain: 'd' }), 'y');
  });
  assert.deepEqual(apart, [
    'changed a:1 1-1',
    'changed a:3 3-3',
    'changed a:4 4-4',
    'changed a:5 5-5',
    'changed a:5 5-5',
  ]);
});

test('ranges that follow each other are one, up to the last of them', () => {
  const ranges = told((findings) => {
    findings.add('missing', at(9), 'x', 2, 4);
    findings.add('missing', at(12), 'x', 5, 7);
    findings.add('missing', at(13), 'x', 9);
  });
  assert.deepEqual(ranges, ['missing a:9 2-7', 'missing a:13 9-9']);
});

test('records without a place are findings by themselves, however many there are', () => {
  const placeless = told((findings) => {
    for (const line of [1, 2]) findings.add('foreign', { file: 'a', line }, 'x');
    findings.add('foreign', at(1), 'x');
  });
  assert.deepEqual(placeless, ['foreign a:1 0-0', 'foreign a:1 1-1', 'foreign a:2 0-0']);
});

test('findings come in the order of the files as they were given, and of their lines', () => {
  const add = (findings: Findings) => {
    findings.add('changed', at(7, { file: 'b', line: 1 }), 'x');
    findings.add('missing', at(5, { line: 9 }), 'x');
    findings.add('foreign', at(3, { line: 2 }), 'x');
    findings.add('missing', { file: '', line: 0 }, 'x', 4);
  };
  const [first, ...rest] = told(add);
  assert.deepEqual(
    [first, ...rest],
    ['missing :0 4-4', 'foreign a:2 3-3', 'missing a:9 5-5', 'changed b:1 7-7'],
  );
  assert.equal(told(add, ['b', 'a']).at(1), 'changed b:1 7-7');
});

test('a finding is one sentence about its records', () => {
  const findings = new Findings();
  findings.add('foreign', { file: 'a', line: 1 }, 'no place');
  findings.add('changed', at(4), 'other content');
  findings.add('missing', at(9), 'gone', 6, 8);
  assert.deepEqual(
    findings.all(['a']).map(({ description }) => description),
    ['A record: no place.', 'Record 4: other content.', 'Records 6 to 8: gone.'],
  );
  assert.ok(!('reason' in (findings.all(['a'])[0] ?? {})));
});

test('ten thousand findings are kept, the rest is counted, and neighbours still join those that are kept', () => {
  const findings = new Findings();
  for (let sequence = 1; sequence <= 20_003; sequence += 2) findings.add('changed', at(sequence), 'x');
  assert.deepEqual([findings.all(['a']).length, findings.more], [10_000, 2]);
  findings.add('changed', at(20_000), 'x');
  assert.deepEqual([findings.all(['a']).at(-1)?.to, findings.more], [20_000, 2]);
  const kinds: FindingKind[] = ['missing', 'foreign'];
  for (const kind of kinds) findings.add(kind, at(1), 'x');
  assert.equal(findings.more, 4);
});
