// The report of `npm test`: Node's own, and before its summary what was skipped, why, and which packages would enable it.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { spec, type TestEvent } from 'node:test/reporters';

/** Tools that tests start, and the Debian package of each, as CI installs them. */
function readPackages(): Map<string, string> {
  const script = readFileSync(new URL('../../.ci/run', import.meta.url), 'utf8');
  const [, table = ''] = /<<'TOOLS'\n(.*?)^TOOLS$/ms.exec(script) ?? [];
  return new Map(
    table
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** `reasons`: one of each skipped test. Empty if there is none. */
export function describeSkipped(reasons: readonly string[]): string {
  if (reasons.length === 0) return '';
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const lines = [...counts].map(([reason, count]) => `${String(count).padStart(5)}  ${reason}`);
  const packages = [...readPackages()]
    .filter(([tool]) => [...counts.keys()].some((reason) => reason.includes(tool)))
    .map(([, name]) => name);
  const remedy = packages.length === 0 ? [] : [`To run them (Debian): apt-get install ${packages.join(' ')}`];
  return [`Skipped tests: ${reasons.length}`, ...lines, ...remedy, ''].join('\n');
}

async function* withSkipped(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const reasons: string[] = [];
  for await (const event of events) {
    if (event.type === 'test:pass' && event.data.skip)
      reasons.push(typeof event.data.skip === 'string' ? event.data.skip : 'no reason given');
    // The first line of the summary.
    if (
      event.type === 'test:diagnostic' &&
      event.data.nesting === 0 &&
      /^tests \d+$/.test(event.data.message)
    ) {
      const message = describeSkipped(reasons);
      if (message !== '') yield { type: 'test:stdout', data: { file: '', message } };
    }
    yield event;
  }
}

// biome-ignore lint/style/noDefaultExport: node:test takes a reporter's default export.
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(withSkipped(events)).compose(new spec());
}
