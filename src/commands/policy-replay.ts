// `policy replay`: decides recorded requests again under another policy and lists every verdict that would change, so that
// a policy can be rolled out without fear.
import { readRecords } from '../audit/record/read-records.ts';
import { sizeOf } from '../audit/record/read-values.ts';
import { compilePolicy, type Policy } from '../policy/engine/compile.ts';
import { describePolicyFault } from '../policy/engine/policy-data.ts';
import { describeReplayed, type ReplayedDecision, replay } from '../policy/engine/replay.ts';
import { contentOfArgument } from '../policy/language/content-of.ts';
import { loadPolicy } from '../policy/store/load-policy.ts';
import { describeAltered, isIntact } from './altered-records.ts';
import { listFaults } from './check.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { createReadingBar } from './reading-bar.ts';
import { printable, styleFor } from './terminal.ts';

export const policyReplayCommand: Command = {
  help: `Usage: bin/peergate policy replay POLICY AUDIT...

Reads audit logs (also .gz; other lines are ignored), decides every recorded
request by POLICY at its own time, and lists each decision that would change.
POLICY counts as enforced, whatever its mode. A denial has a question mark if
its record lacks what POLICY could allow the request by: a claim, or the creator
of the peering. Records that do not match their fingerprint are counted on
standard error; \`audit verify\` finds the rest of what can be wrong with a log.

Example
  bin/peergate policy replay next-policy.yaml audit.log.1.gz audit.log

Exit status: 0 no decision changes, 1 a decision changes or is uncertain, there
is no record at all, or a file has a fault.
`,
  positionals: { min: 2, max: Number.POSITIVE_INFINITY },
  run: policyReplay,
};

async function policyReplay(input: CommandInput, { positionals }: Arguments): Promise<ExitStatus> {
  const [policyFile = '', ...files] = positionals;
  const read = loadPolicy(policyFile, input.now, {}, contentOfArgument);
  if (read.faults !== undefined) {
    input.stderr(listFaults(read.faults.map(describePolicyFault)));
    return 1;
  }
  try {
    return await replayAll(input, compilePolicy(read.data), files);
  } catch (error) {
    input.stderr(`The audit log cannot be read: ${printable((error as Error).message)}\n`);
    return 1;
  }
}

async function replayAll(input: CommandInput, policy: Policy, files: readonly string[]): Promise<ExitStatus> {
  const { good, bad, faint } = styleFor(input.colours);
  const total = await sizeOf(files);
  const bar = createReadingBar(input, total);
  let records = 0;
  let decided = 0;
  let changed = 0;
  let uncertain = 0;
  let altered = 0;
  for await (const found of readRecords(files, bar.advance)) {
    records += 1;
    const replayed = replay(policy, found.record);
    if (replayed === undefined) continue;
    if (!isIntact(found)) altered += 1;
    const isUncertain = replayed.notRecorded.length > 0;
    const isChanged = replayed.before !== replayed.after;
    decided += 1;
    uncertain += Number(isUncertain);
    changed += Number(isChanged);
    if (!isUncertain && !isChanged) continue;
    bar.clear();
    const line = `${isUncertain ? '? ' : ''}${printable(describeReplayed(replayed))}`;
    input.stdout(`${replayed.after === 'allow' ? good(line) : bad(line)}\n${missing(replayed, faint)}`);
  }
  bar.clear();
  if (records === 0) {
    input.stderr('There is no audit record in these files.\n');
    return 1;
  }
  input.stdout(
    `${decided} decided again, ${changed} changed${uncertain > 0 ? `, ${uncertain} uncertain` : ''}\n`,
  );
  input.stderr(describeAltered(altered));
  return changed + uncertain > 0 ? 1 : 0;
}

const missing = ({ notRecorded }: ReplayedDecision, faint: (text: string) => string): string =>
  notRecorded.length === 0 ? '' : `${faint(`    not recorded: ${printable(notRecorded.join(', '))}`)}\n`;
