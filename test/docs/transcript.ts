// Runs the commands of a document in their order and compares what they print with what the document shows. A document may
// leave out lines of a header and members of an object, but nothing that it shows may differ, apart from random ids and times.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Call {
  readonly command: string;
  /** The block behind the command, if it shows the output. */
  readonly shown: string | undefined;
}

/** Each `sh` block, with the `text` block that follows it before the next `sh` block. */
export function callsOf(text: string): readonly Call[] {
  const calls: { command: string; shown: string | undefined }[] = [];
  for (const [, language, content = ''] of text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const last = calls.at(-1);
    if (language === 'sh') calls.push({ command: content, shown: undefined });
    else if (language === 'text' && last !== undefined) last.shown ??= content;
  }
  return calls;
}

const separator = 'END-OF-BLOCK';

/** What each command prints. All run in one shell, so that variables of one are known in the next. */
export async function runCalls(
  calls: readonly Call[],
  replace: (command: string) => string,
): Promise<readonly string[]> {
  const script = calls.map(({ command }) => `${replace(command)}\necho; echo ${separator}\n`).join('');
  // The servers of the demo run in this process: it must not block.
  const { stdout, stderr } = await run('sh', ['-c', script.replaceAll('curl -i', 'curl -si')]);
  assert.equal(stderr, '');
  return stdout.split(`${separator}\n`).slice(0, -1);
}

export function assertShown(shown: string, printed: string): void {
  const expected = headAndBody(shown);
  const actual = headAndBody(printed);
  for (const line of expected.head)
    assert.ok(actual.head.includes(line), `${line} in ${actual.head.join('\n')}`);
  if (expected.body !== undefined) assertPart(expected.body, actual.body, '');
}

function headAndBody(text: string): { head: readonly string[]; body: unknown } {
  const plain = withoutRandom(text.replaceAll('\r', ''));
  if (!plain.startsWith('HTTP/')) return { head: [], body: JSON.parse(plain) };
  const [head = '', ...body] = plain.trim().split('\n\n');
  return { head: head.trim().split('\n'), body: body.length === 0 ? undefined : JSON.parse(body.join('\n')) };
}

/** Ids, the place within a rate limit's window and ports are others in each run. */
const withoutRandom = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/pcx-[0-9a-f]{17}/g, 'pcx-ID')
    .replaceAll(/; r=\d+; t=\d+/g, '; r=N; t=N')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS');

/** Every member that is shown has that value; the actual object may have more. Lists are compared whole. */
function assertPart(shown: unknown, actual: unknown, path: string): void {
  if (shown === null || typeof shown !== 'object') {
    assert.deepEqual(actual, shown, path);
    return;
  }
  assert.ok(actual !== null && typeof actual === 'object', path);
  assert.equal(Array.isArray(actual), Array.isArray(shown), path);
  if (Array.isArray(shown)) assert.equal((actual as unknown[]).length, shown.length, path);
  for (const [name, value] of Object.entries(shown))
    assertPart(value, (actual as Record<string, unknown>)[name], `${path}/${name}`);
}
