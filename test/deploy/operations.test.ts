// The operator's guide says what is so: log lines that it quotes are in the source, every alert has its page, and components
// and files that it names exist.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { errorRules } from '../../src/errors.ts';
import { codeSpans, fencedBlocks, tableRows } from '../docs/documents.ts';
import { kubernetes, root } from './manifests.ts';

/** What is read of a file of alert rules. */
interface AlertFile {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
}

const guide = ['docs/deploy.md', 'docs/operations.md']
  .map((path) => readFileSync(join(root, path), 'utf8'))
  .join('\n');
const runbook = guide.slice(guide.indexOf('\n## Runbook\n'));
const alertsFile = join(root, 'deploy/prometheus/alerts.yaml');

const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
  .join('\n');

test('every log line that the guide quotes is in the source', () => {
  // Plain words in backticks that are no command and no setting, here or of Sentinel.
  const command =
    /^(?:kubectl|docker|npm|node|sentinel|systemctl|systemd-analyze|audit verify|policy (?:test|replay|explain))\b|[/=<>#]/;
  const lines = codeSpans(guide).filter(
    (span) => /^(?:[a-z]+|Redis|Aerospike Cloud) [a-z]/.test(span) && !command.test(span),
  );
  assert.ok(lines.length >= 20, String(lines.length));
  for (const line of lines) {
    const [words = line] = line.split(/: |…/);
    // Where a line has a variable part, what stands before it.
    assert.ok(source.includes(words) || source.includes(line), line);
  }
});

test('every alert has a page in the runbook with what to do, and no page is about another one', {
  skip: noAlerts(),
}, () => {
  const rules = (parse(readFileSync(alertsFile, 'utf8')) as AlertFile).groups.flatMap(
    ({ rules: list }) => list,
  );
  const alerts = rules.flatMap(({ alert }) => alert ?? []);
  assert.deepEqual(headings().sort(), [...new Set(alerts)].sort());
});

test('the command of the guide makes a PrometheusRule of the alert rules', { skip: noAlerts() }, () => {
  const command =
    fencedBlocks(guide, 'sh').find((block) => block.includes('prometheus-rule.head.yaml')) ?? '';
  const [making = ''] = command.split(' | kubectl');
  const made = spawnSync('bash', ['-c', making], { cwd: root, encoding: 'utf8' });
  const { spec, ...head } = parse(made.stdout);
  assert.deepEqual([head.apiVersion, head.kind], ['monitoring.coreos.com/v1', 'PrometheusRule']);
  assert.deepEqual(spec, parse(readFileSync(alertsFile, 'utf8')));
});

test('every page of the runbook says what it means, what callers see, where to look, what to do, whom to wake', () => {
  assert.ok(headings().length >= 17);
  for (const page of runbook.split('\n### ').slice(1)) {
    const points = [...page.matchAll(/^- \*\*([^*]+):\*\*/gm)].map(([, point]) => point);
    assert.deepEqual(points, ['Means', 'Callers see', 'Look at', 'Do', 'Wake'], page.split('\n')[0]);
  }
});

test('codes of answers that the runbook names are those that there are', () => {
  const codes = [...runbook.matchAll(/\b50[0-9] `([a-z-]+)`|429 `([a-z-]+)`/g)].map(
    ([, one, other]) => one ?? other ?? '',
  );
  assert.ok(codes.length >= 10);
  for (const code of codes) assert.ok(Object.hasOwn(errorRules, code), code);
});

test('the table of components has every one, and no other', () => {
  const documented = tableRows(guide, 'component').map(([name]) => name?.replaceAll('`', ''));
  assert.deepEqual(documented.sort(), readdirSync(join(kubernetes, 'components')).sort());
});

test('every file in deploy that the guide names exists, but for the copies that it makes', () => {
  const named = [...guide.matchAll(/(?<![\w/])deploy\/[\w./-]+\w/g)].map(([path]) => path);
  assert.ok(named.length > 10);
  const copies =
    /^deploy\/(\.env|kubernetes\/overlays\/acme|compose\/(audit|secrets|policy)|prometheus)(\/|$)/;
  for (const path of named) assert.ok(copies.test(path) || existsSync(join(root, path)), path);
});

test('every JSON example of the guide is JSON', () => {
  const examples = fencedBlocks(guide, 'json');
  assert.ok(examples.length > 0);
  for (const example of examples) assert.doesNotThrow(() => JSON.parse(example), example);
});

function headings(): string[] {
  return [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name ?? '');
}

function noAlerts(): string | false {
  return existsSync(alertsFile) ? false : 'deploy/prometheus/alerts.yaml is not there';
}
