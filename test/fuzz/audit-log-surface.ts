// Hostile logs given to `audit verify`: a small signed log of a gateway, changed in every way that somebody with a text editor
// or with the gateway's own code could think of. What was changed must be found, what was only laid out anew must not be.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AuditChain, type Head } from '../../src/audit/log/chain.ts';
import { signCheckpoint } from '../../src/audit/log/checkpoint.ts';
import type { AuditEvent } from '../../src/audit/record/event-form.ts';
import { checkpointEvent } from '../../src/audit/record/gateway-events.ts';
import { fingerprinted, plainEvent, rechained, startOfTime } from '../audit/verify/chained-log.ts';
import { checkpointOf, makeKeys } from '../audit/verify/signed-log.ts';
import { auditVerify, intentBy } from '../commands/audit-verify-run.ts';
import { eventNamed } from '../support/event-named.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type AuditLogCase, auditLogCase, type Form, type Step, writtenOut } from './audit-log-cases.ts';
import { canonical, carriers } from './audit-log-forms.ts';
import { change } from './render.ts';
import { assertUnpolluted, type Surface } from './surface.ts';

/** A line of the log to be verified. `origin`: the record that it was made from. */
interface Entry {
  readonly origin: number | undefined;
  readonly text: string;
}

/** The log as the gateway wrote it. */
interface KnownLog {
  readonly lines: readonly string[];
  readonly meanings: readonly string[];
  /** Which of the lines are checkpoints. */
  readonly checkpoints: readonly number[];
}

/** `s`: a checkpoint, `c`: a create with its outcome, `p`: another record. */
const script = 'cppspcspp';

async function makeLog() {
  const keys = await makeKeys();
  let head: Head | undefined;
  const chain = new AuditChain(
    { version: '0.0.0-fuzz', instance: 'gateway-1' },
    randomUUID,
    undefined,
    (appended) => {
      head = appended;
    },
  );
  const lines = [...script].flatMap((kind, index) => {
    const time = startOfTime + index * 100;
    const append = (event: AuditEvent) => chain.append(event);
    if (kind === 's') {
      const jws = signCheckpoint(checkpointOf(head, time), keys.signing);
      return [append(checkpointEvent(jws, 'gateway-1', time))];
    }
    if (kind === 'p') return [append(plainEvent(time))];
    const id = randomUUID();
    const [intent] = intentBy('svc-payments', id);
    const outcome = { type_uid: 600301, time, status_id: 1, api: { request: { uid: id } } };
    return [append(intent), append(eventNamed('peering.create.outcome', outcome))];
  });
  return { lines, publicJwk: keys.publicJwk };
}

export async function startAuditLogSurface(): Promise<Surface<AuditLogCase>> {
  const { lines, publicJwk } = await makeLog();
  const known: KnownLog = {
    lines,
    meanings: lines.map((line) => canonical(JSON.parse(line))),
    checkpoints: lines.flatMap((line, index) => (line.includes('audit.checkpoint') ? [index] : [])),
  };
  const folder = temporaryFolder();
  const keyFile = join(folder, 'key.jwk');
  await writeFile(keyFile, JSON.stringify(publicJwk));

  const entriesOf = (fuzz: AuditLogCase): readonly Entry[] =>
    fuzz.steps.reduce(
      apply,
      lines.map((text, origin): Entry => ({ origin, text })),
    );

  return {
    arbitrary: auditLogCase,
    size: (fuzz) => render(entriesOf(fuzz), fuzz.form).length,
    async check(fuzz) {
      const entries = entriesOf(fuzz);
      const path = join(folder, fuzz.form === 'gzip' ? 'audit.log.gz' : 'audit.log');
      const bytes = render(entries, fuzz.form);
      await writeFile(path, bytes);
      const ran = await auditVerify([
        ...[path, ...(fuzz.key ? ['--key', keyFile] : []), ...(fuzz.json ? ['--json'] : [])],
      ]);
      assertUnpolluted();
      assert.equal(ran.err, '', 'the log could not be checked');
      assert.doesNotMatch(ran.out, /(?!\n)[\p{Cc}\p{Cf}]/u, 'a control character came out');
      if (fuzz.json) assertReport(ran.out, ran.status, bytes);
      const expected = judge(entries, known, fuzz.key && fuzz.steps.at(-1)?.do === 'forge');
      if (expected !== 'either')
        assert.equal(ran.status === 0 ? 'clean' : 'found', expected, `${fuzz.form}: ${ran.out}`);
      return ran.status === 0 ? 'clean' : 'found';
    },
    stop: () => Promise.resolve(),
  };
}

function apply(entries: readonly Entry[], step: Step): readonly Entry[] {
  if (entries.length === 0) return entries;
  const at = step.at % entries.length;
  const { origin, text } = entries[at] as Entry;
  switch (step.do) {
    case 'remove':
      return entries.toSpliced(at, step.count);
    case 'copy':
      return entries.toSpliced(step.to % (entries.length + 1), 0, { origin, text });
    case 'move':
      return entries.toSpliced(at, 1).toSpliced(step.to % entries.length, 0, { origin, text });
    case 'edit':
      return entries.with(at, { origin, text: change(Buffer.from(text), step.edits).toString() });
    case 'set':
      return entries.with(at, { origin, text: withMember(text, step.path, step.value) });
    case 'name-twice':
      return entries.with(at, { origin, text: text.replace('{', `{${step.member},`) });
    case 'fingerprint':
      return entries.with(at, { origin, text: attempt(text, fingerprinted) });
    case 'forge': {
      // From here on everything is made anew, as by somebody who has the gateway's own code.
      const forged = attempt(entries.map((entry) => entry.text).join('\n'), (all) =>
        rechained(all.split('\n').with(at, withMember(text, ['duration'], step.duration))).join('\n'),
      ).split('\n');
      return forged.length === entries.length
        ? entries.map((entry, index) => ({ origin: entry.origin, text: forged[index] as string }))
        : entries;
    }
    case 'insert':
      return entries.toSpliced(at, 0, { origin: undefined, text: step.text.repeat(step.times) });
  }
}

/** What cannot be done to a text that is no record any more leaves it as it is. */
function attempt(text: string, action: (text: string) => string): string {
  try {
    return action(text);
  } catch {
    return text;
  }
}

/** The record with this value at the path, written into its JSON: numbers stay as they are spelled. */
const withMember = (text: string, path: readonly string[], value: string): string =>
  attempt(text, (line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    let place = record;
    for (const name of path.slice(0, -1)) {
      const inner = place[name];
      if (typeof inner !== 'object' || inner === null) return line;
      place = inner as Record<string, unknown>;
    }
    Object.defineProperty(place, path.at(-1) ?? '', {
      ...{ value: '@here@', enumerable: true, configurable: true, writable: true },
    });
    return JSON.stringify(record).replace('"@here@"', () => writtenOut(value));
  });

const render = (entries: readonly Entry[], form: Form): Buffer => {
  const bytes = Buffer.from(carriers[form](entries.map(({ text }) => text)));
  return form === 'gzip' ? gzipSync(bytes, { level: 1 }) : bytes;
};

/** What a reader who knows the log by heart says of the copy. */
function judge(
  entries: readonly Entry[],
  { lines, meanings, checkpoints }: KnownLog,
  isForgedBesideKey: boolean,
): 'clean' | 'found' | 'either' {
  const copies = lines.map(() => ({ same: 0, other: 0 }));
  let isDoubtful = false;
  for (const { origin, text } of entries) {
    const meaning = attempt(text, (line) => canonical(JSON.parse(JSON.stringify(JSON.parse(line)))));
    isDoubtful ||= origin === undefined ? looksLikeRecord.test(text) : text !== lines[origin];
    const counted = copies[origin ?? -1];
    // Beside other text in its line a record is still one.
    const isThere = meaning === meanings[origin ?? -1] || text.includes(lines[origin ?? -1] ?? '\n');
    if (counted !== undefined) counted[isThere ? 'same' : 'other'] += 1;
  }
  if (copies.some(({ same }) => same > 1)) return 'found';
  const firstLost = copies.findIndex(({ same }) => same === 0);
  if (firstLost < 0) return isDoubtful ? 'either' : 'clean';
  // The end of a chain can be cut off or made anew, but for what a checkpoint signs.
  if (copies.findLastIndex(({ same }) => same > 0) > firstLost) return 'found';
  const isWhole = copies.every(({ other }, index) => index < firstLost || other === 1);
  return isForgedBesideKey && isWhole && checkpoints.some((at) => at > firstLost) ? 'found' : 'either';
}

const looksLikeRecord = /class_uid|attestation_list|^\{"action":"/;

function assertReport(out: string, status: number, bytes: Buffer): void {
  const report = JSON.parse(out) as {
    readonly ok: boolean;
    readonly findings: readonly { readonly file: string; readonly line: number }[];
  };
  assert.equal(report.ok, status === 0);
  const lines = bytes.toString().split('\n').length;
  for (const { file, line } of report.findings)
    assert.ok(
      file === '' || file.endsWith('.gz') || (line >= 1 && line <= lines),
      `line ${line} of ${lines}`,
    );
}
