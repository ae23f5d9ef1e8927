// `policy suggest`: from the audit record of a refused create to the rules that would allow it, and nothing else, as YAML for a
// change request.
import { stringify } from 'yaml';
import type { Found } from '../audit/record/found-record.ts';
import { readRecords } from '../audit/record/read-records.ts';
import { compilePolicy, type Policy } from '../policy/engine/compile.ts';
import { describePolicyFault } from '../policy/engine/policy-data.ts';
import { type Suggestion, suggest } from '../policy/engine/suggest.ts';
import { contentOfArgument } from '../policy/language/content-of.ts';
import { loadPolicy } from '../policy/store/load-policy.ts';
import { describeAltered, isIntact } from './altered-records.ts';
import { listFaults } from './check.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { printable } from './terminal.ts';

export const policySuggestCommand: Command = {
  help: `Usage: bin/peergate policy suggest POLICY RECORD

Reads the audit record of a refused create from the file RECORD, and prints an
exception for POLICY that allows this request and no other, with test cases, as
YAML. A caller without a grant gets one that allows nothing by itself. Ticket,
approval and expiry are yours to fill in.

Nothing is suggested for what no exception may allow: forbidden blocks, VPCs
that the registry does not know or contradicts, and what others created.

Example
  grep 0d9f2c1e-5b7a-4c3d-9e8f-1a2b3c4d5e6f audit.log > record.json
  bin/peergate policy suggest policy.yaml record.json

Exit status: 0 printed, 1 nothing can be suggested or a file has a fault.
`,
  positionals: { min: 2, max: 2 },
  run: policySuggest,
};

/** How long the suggested exception lasts, for somebody to change. */
const lastsMs = 30 * 24 * 3_600_000;

async function policySuggest(input: CommandInput, { positionals }: Arguments): Promise<ExitStatus> {
  const [policyFile = '', recordFile = ''] = positionals;
  const read = loadPolicy(policyFile, input.now, {}, contentOfArgument);
  if (read.faults !== undefined) {
    input.stderr(listFaults(read.faults.map(describePolicyFault)));
    return 1;
  }
  const records: Found[] = [];
  try {
    for await (const found of readRecords([recordFile], () => undefined)) records.push(found);
  } catch (error) {
    input.stderr(`The record cannot be read: ${printable((error as Error).message)}\n`);
    return 1;
  }
  const [found, another] = records;
  if (found === undefined || another !== undefined) {
    input.stderr(`${printable(recordFile)} must hold one audit record; it holds ${records.length}.\n`);
    return 1;
  }
  const policy = compilePolicy(read.data);
  const suggestion = suggest(policy, found.record);
  if (typeof suggestion === 'string') {
    input.stderr(`Nothing can be suggested: ${printable(suggestion)}.\n`);
    return 1;
  }
  input.stderr(describeAltered(Number(!isIntact(found))));
  input.stdout(asYaml(policy, suggestion, input.now));
  return 0;
}

function asYaml(policy: Policy, { question, callers, only, allows, grant }: Suggestion, now: number): string {
  const { claims, peering } = question;
  const id = freeId(policy);
  const expires = secondsOnly(now + lastsMs);
  const rules = {
    ...(grant && { grants: [{ id: `for-${id}`, callers, actions: ['create'], ...grant }] }),
    exceptions: [{ id, callers, only, allows, expires, ticket: id, approvedBy: id }],
  };
  const request = { action: 'create', ...peering };
  const other = peering.vpcId === 'vpc-00000000' ? 'vpc-00000001' : 'vpc-00000000';
  const tests = [
    { name: `${id} allows the request`, claims, request, at: secondsOnly(now), expect: 'allow' },
    { name: `${id} is for this VPC only`, claims, request: { ...request, vpcId: other }, expect: 'deny' },
    { name: `${id} ends`, claims, request, at: expires, expect: 'deny' },
  ];
  const head = [
    '# Add to the policy. Fill in the ticket (TICKET), who approved it, and when it expires.',
    ...(grant
      ? ['# The grant allows nothing by itself: no VPC has its block. The exception adds the one block.']
      : []),
  ];
  return `${head.join('\n')}\n${printableYaml(rules)}---\n# Add to its tests.\n${printableYaml({ tests })}`;
}

/** Aliases would be lost when a part is copied. */
const printableYaml = (value: object): string =>
  stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 }).replaceAll(/[^\n]+/g, printable);

const secondsOnly = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

function freeId({ data: { exceptions, grants = [] } }: Policy): string {
  const taken = new Set([...exceptions, ...grants].map(({ id }) => id.replace(/^for-/, '')));
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? 'TICKET' : `TICKET-${number}`;
    if (!taken.has(id)) return id;
  }
}
