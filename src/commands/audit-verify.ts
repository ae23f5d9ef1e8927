// `audit verify`: checks the chains of audit logs and their signatures, and lists findings and intents without an outcome.
// Says what it found where, and what to do about it.
import { readFileSync } from 'node:fs';
import { type CheckpointKey, readVerificationKeys } from '../audit/log/signing-key.ts';
import { sizeOf } from '../audit/record/read-values.ts';
import type { Finding } from '../audit/verify/findings.ts';
import type { After } from '../audit/verify/judge-chains.ts';
import type { OpenIntent } from '../audit/verify/open-intents.ts';
import { type Verification, verifyLogs } from '../audit/verify/verify-logs.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { type DescribedIntent, describeIntent } from './describe-intent.ts';
import { createReadingBar } from './reading-bar.ts';
import { printable, type Style, styleFor, wrap } from './terminal.ts';
import { verificationAsJson } from './verification-json.ts';

export const auditVerifyCommand: Command = {
  help: `Usage: bin/peergate audit verify [OPTIONS] AUDIT...

Checks that every audit record is there, once and unchanged, and that every
create and delete that was approved has its outcome. Give the files in any
order, plain or compressed (.gz), as the gateway wrote them or as another
system exported them: one JSON object a line, laid out, or in an array.

Options
  --key FILE     Public JWK or JWK Set: checks the signatures too, which proves
                 that nobody rewrote the log.
  --after N:HASH A record in the files, or the one before them, as the last run
                 of this command printed it: what came before may be absent.
                 Without it a chain begins with record 1.
  --json         One JSON object, for programs.

An AUDIT_FILE holds one chain, and a new one whenever the old one could not be
continued; on standard output every run of the gateway begins another. The
first record of a new chain in a file names the last one of the old chain, whose
files must be given, too, unless --after names that record or a later one. The
last chain cannot show that records at its very end were changed or removed, nor
that it was rewritten as a whole. Keep the last record's number and fingerprint
elsewhere, or give --key, which bounds what can be missing.

Findings
  changed     Does not match its fingerprint, or what the next record refers to.
  missing     Its number is not there.
  duplicated  Is there more than once.
  foreign     Looks like a record, and is not part of a chain.
  unsigned    No valid checkpoint signs it, though a gateway with a key signs.
  unreadable  Looks like a record, and is not complete or not JSON.

Members of the JSON object
  ok            Is all well? As the exit status says.
  records       How many there are.
  otherLines    How many lines and objects are no audit records.
  chains        How many chains they form.
  last          { sequence, fingerprint } of the last record of the newest
                chain, for --after.
  signed        Without --key null, else { checkpoints, unsigned, until }: how
                many checkpoints are valid, how many records none of them
                covers yet, when the latest was made (or null).
  findings      [{ kind, file, line, chain, from, to, description }]: from and
                to are numbers of records.
  moreFindings  How many there are beyond those.
  openIntents   [{ file, line, outcome, time, action, subject,
                gatewayRequestId, clusterId, peeringId, vpcId, cidrBlock,
                accountId, region }]: outcome is none or unknown; a value that
                the record lacks is "?".

Example
  bin/peergate audit verify audit.log.1.gz audit.log \\
    --key audit-signing.public.jwk

Exit status: 0 all well, 1 a finding, an open intent, no record at all, or a
file that cannot be read, 2 called wrongly.
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
const isWell = ({ records, findings, openIntents }: Verification): boolean =>
  records > 0 && findings.length + openIntents.length === 0;

function parseHead(text: string): After | null {
  const [, sequence, fingerprint] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? [];
  return sequence === undefined || fingerprint === undefined
    ? null
    : { sequence: Number(sequence), fingerprint };
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
  const { records, otherLines, chains, last, findings, moreFindings, openIntents } = found;
  if (records === 0) return `${style.bad('There is no audit record in these files.')}\n`;
  const all = findings.length + moreFindings;
  return [
    `${count(records, 'record')}, ${count(chains, 'chain')}`,
    ...(otherLines === 0 ? [] : [`${count(otherLines, 'line')} without an audit record`]),
    all === 0 ? style.good('Every record is there, once and unchanged.') : style.bad(count(all, 'finding')),
    ...findings.flatMap(describeFinding),
    ...(moreFindings === 0 ? [] : [`  and ${count(moreFindings, 'more finding')}`]),
    ...signatureLines(found),
    openIntents.length === 0
      ? style.good('Every intent has its outcome.')
      : style.bad(`${count(openIntents.length, 'intent')} without an outcome`),
    ...openIntents.flatMap(describeOpen),
    ...(last === undefined
      ? []
      : [style.faint('The last record, for --after:'), `  ${last.sequence}:${last.fingerprint}`]),
    '',
  ].join('\n');
}

const describeFinding = ({ kind, file, line, description }: Finding): string[] => [
  `  ${kind}${file === '' ? '' : `: ${printable(`${file}:${line}`)}`}`,
  ...indented(description),
];

function signatureLines({ signed }: Verification): string[] {
  if (signed === undefined) return ['Signatures were not checked: that takes --key.'];
  const { checkpoints, unsigned, until } = signed;
  const rest = unsigned === 0 ? 'all records are signed' : `${count(unsigned, 'record')} not signed yet`;
  const latest = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return [`${count(checkpoints, 'valid checkpoint')}${latest},`, `  ${rest}`];
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
const indented = (text: string): string[] =>
  wrap(printable(text).split(' '), ' ', 76).map((line) => `    ${line}`);

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`;
