// `audit verify`: checks the chain of audit logs and their signatures, and lists breaks and intents without an outcome. Says
// what it found where, and what to do about it.
import { readFileSync } from 'node:fs';
import type { Head } from '../audit/log/chain.ts';
import { type CheckpointKey, readVerificationKeys } from '../audit/log/signing-key.ts';
import { sizeOf } from '../audit/record/read-lines.ts';
import type { Break } from '../audit/verify/breaks.ts';
import type { OpenIntent } from '../audit/verify/open-intents.ts';
import { type Verification, verifyLogs } from '../audit/verify/verify-logs.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { type DescribedIntent, describeIntent } from './describe-intent.ts';
import { createReadingBar } from './reading-bar.ts';
import { printable, type Style, styleFor } from './terminal.ts';
import { verificationAsJson } from './verification-json.ts';

export const auditVerifyCommand: Command = {
  name: 'audit verify',
  topic: 'Audit logs',
  summary: 'Check the chain of audit logs, and what they leave open.',
  help: `Usage: node src/main.ts audit verify [OPTIONS] AUDIT...

Checks that no record was changed, removed, put in or moved, and that every
create that was approved has its outcome. Give rotated files in their order,
oldest first; .gz is read as it is, and lines that are no audit records are
passed over.

Options
  --key FILE     Public JWK or JWK Set: checks the checkpoints too, which proves
                 that nobody rewrote the log as a whole.
  --after N:HASH The record before the first file, as the last run of this
                 command printed it; without it a log begins with record 1.
  --json         One JSON object, for programs.

The log of an AUDIT_FILE is one chain; on standard output every run of the
gateway begins another. The chain cannot show that records at its very end were
changed or cut off, nor that a whole chain was. Keep the last record's number
and hash elsewhere, or give --key, which bounds what can be missing.

Members of the JSON object
  ok          Is all well? As the exit status says.
  records     How many there are.
  chains      How many chains begin in these files.
  last        { sequence, hash } of the last record, for --after; or null.
  signed      Without --key null, else { checkpoints, unsigned, until }: how
              many checkpoints hold, how many records none of them covers yet,
              when the latest was made (or null).
  breaks      [{ kind, file, line, from, to, description }]: kind is changed,
              missing, inserted, out-of-order or signature; from and to are
              numbers of records.
  openIntents [{ file, line, outcome, time, action, subject, gatewayRequestId,
              clusterId, peeringId, vpcId, cidrBlock, accountId, region }]:
              outcome is none or unknown; a value that the record lacks is "?".

Example
  node src/main.ts audit verify audit.log.1.gz audit.log \\
    --key audit-key.public.jwk

Exit status: 0 all well, 1 a break, an open intent, no record at all, or a file
that cannot be read, 2 called wrongly.
`,
  options: ['key', 'after'],
  flags: ['json'],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  run: auditVerify,
};

async function auditVerify(input: CommandInput, args: Arguments): Promise<ExitStatus> {
  const { options, positionals } = args;
  const after = options['after'] === undefined ? undefined : parseHead(options['after']);
  if (after === null) {
    input.stderr(`--after needs NUMBER:HASH, as this command prints it.\n\n${auditVerifyCommand.help}`);
    return 2;
  }
  try {
    const keys = options['key'] === undefined ? undefined : await readKeys(options['key']);
    const bar = createReadingBar(input, await sizeOf(positionals));
    const found = await verifyLogs(positionals, { after, keys, onRead: bar.advance }).finally(bar.clear);
    input.stdout(
      args.flags.has('json')
        ? verificationAsJson(found, isWell(found))
        : describe(found, styleFor(input.colours)),
    );
    return isWell(found) ? 0 : 1;
  } catch (error) {
    input.stderr(`The audit log cannot be checked: ${printable((error as Error).message)}\n`);
    return 1;
  }
}

/** A log without a record is none: even an idle gateway records its policy. */
const isWell = ({ records, breaks, openIntents }: Verification): boolean =>
  records > 0 && breaks.length + openIntents.length === 0;

function parseHead(text: string): Head | null {
  const [, sequence, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  return sequence === undefined || hash === undefined ? null : { sequence: Number(sequence), hash };
}

async function readKeys(path: string): Promise<CheckpointKey[]> {
  const text = readFileSync(path, 'utf8');
  try {
    return await readVerificationKeys(text);
  } catch (error) {
    throw new Error(`${path} holds ${(error as Error).message}`);
  }
}

function describe(found: Verification, style: Style): string {
  const { records, chains, last, breaks, openIntents } = found;
  if (records === 0) return `${style.bad('There is no audit record in these files.')}\n`;
  return [
    `${count(records, 'record')}, ${count(chains, 'chain')}`,
    breaks.length === 0 ? style.good('The chain is whole.') : style.bad(count(breaks.length, 'break')),
    ...breaks.map(describeBreak),
    ...signatureLines(found),
    openIntents.length === 0
      ? style.good('Every intent has its outcome.')
      : style.bad(`${count(openIntents.length, 'intent')} without an outcome`),
    ...openIntents.flatMap(describeOpen),
    ...(last === undefined
      ? []
      : [style.faint('The last record, for --after:'), `  ${last.sequence}:${last.hash}`]),
    '',
  ].join('\n');
}

const describeBreak = ({ kind, file, line, description }: Break): string =>
  [`  ${kind}: ${printable(`${file}:${line}`)}`, ...indented(description)].join('\n');

function signatureLines({ signed }: Verification): string[] {
  if (signed === undefined) return [];
  const { checkpoints, unsigned, until } = signed;
  const rest = unsigned === 0 ? 'all records are signed' : `${count(unsigned, 'record')} not signed yet`;
  const latest = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return [`${count(checkpoints, 'checkpoint')} by the given key${latest},`, `  ${rest}`];
}

const openOutcomes: Readonly<Record<OpenIntent['outcome'], string>> = {
  none: 'no outcome was recorded.',
  unknown: 'its outcome is that nobody can know.',
  ambiguous: 'a peering was found that another create may have made.',
};

function describeOpen({ file, line, outcome, record }: OpenIntent): string[] {
  const described = describeIntent(record);
  const { time, action, subject } = described;
  return [
    `  ${printable(`${file}:${line}`)}`,
    ...indented(`${time} ${action} by ${subject}: ${openOutcomes[outcome]}`),
    ...indented(`Look upstream: ${questionAbout(described)}`),
  ];
}

function questionAbout(intent: DescribedIntent): string {
  const { action, clusterId, peeringId, vpcId, cidrBlock, accountId, region } = intent;
  if (action === 'delete')
    return `is peering ${peeringId} of cluster ${clusterId} still there, and neither deleting nor deleted?`;
  return `has cluster ${clusterId} a peering with ${vpcId} (${cidrBlock}, account ${accountId}, ${region})?`;
}

/** What was recorded may hold anything: nothing of it gets to the terminal but text, and no line end that is not ours. */
const indented = (text: string): string[] => wrap(printable(text), 76).map((line) => `    ${line}`);

/** Breaks between words; a word that is longer than a line has one of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`;
