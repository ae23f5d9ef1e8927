// `peerings`: takes a snapshot of the fleet of its own and shows every peering with what was found about it. Changes nothing.
import { pino } from 'pino';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { readCreators } from '../fleet/creators-in-logs.ts';
import { type FleetPeering, fleetPeerings } from '../fleet/findings.ts';
import { fleetBody } from '../fleet/fleet-body.ts';
import { isComplete, readSnapshot, type Snapshot, unreadIn } from '../fleet/snapshot.ts';
import { OutboundAgent, revealEgressProxy } from '../outbound/agent.ts';
import { compilePolicy } from '../policy/engine/compile.ts';
import type { Creator } from '../state/creators/creator-store.ts';
import { createUpstream } from '../upstream/create-upstream.ts';
import { describeAltered } from './altered-records.ts';
import { listFaults, prepare } from './check.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { requiredSettingsHelp } from './required-settings.ts';
import { printable, styleFor } from './terminal.ts';

export const peeringsCommand: Command = {
  help: `Usage: bin/peergate peerings [--json] [AUDIT...]

Reads all clusters and all their peerings from Aerospike Cloud with the service
credential, and shows each with its findings under the policy in POLICY_FILE.
Given audit logs (.gz too), it also shows who created each. Records that do not
match their fingerprint are left out and counted; \`audit verify\` finds the rest
of what can be wrong with a log.

--json prints one object instead, as GET /peerings answers.

${requiredSettingsHelp}
Example
  bin/peergate peerings audit.log.1.gz audit.log

Exit status: 0 nothing was found, 1 there are findings, a cluster could not be
read, or a file or a setting has a fault.
`,
  flags: ['json'],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  run: showPeerings,
};

async function showPeerings(input: CommandInput, { positionals, flags }: Arguments): Promise<ExitStatus> {
  const prepared = prepare(input.environment, input.now);
  if (prepared.faults !== undefined) {
    input.stderr(listFaults(prepared.faults));
    return 1;
  }
  try {
    const creators = new Map<string, Creator>();
    const leftOut = await readCreators(positionals, (id, creator) => void creators.set(id, creator));
    input.stderr(describeAltered(leftOut, ', and left out'));
    const snapshot = await takeSnapshot(prepared.config, input);
    const policy = compilePolicy(prepared.policy.data);
    const all = fleetPeerings(snapshot, { policy, creators, now: input.now });
    // Without a log nobody can know.
    const peerings = positionals.length > 0 ? all : all.map(withoutCreatorFinding);
    input.stdout(flags.has('json') ? asJson(snapshot, peerings) : asTable(snapshot, peerings, input));
    return isComplete(snapshot) && peerings.every(({ findings }) => findings.length === 0) ? 0 : 1;
  } catch (error) {
    input.stderr(`The fleet cannot be shown: ${printable((error as Error).message)}\n`);
    return 1;
  }
}

async function takeSnapshot(
  { upstream, egressProxy }: Config,
  { version, now }: CommandInput,
): Promise<Snapshot> {
  const agent = new OutboundAgent(upstream.connectTimeoutMs, 4, await revealEgressProxy(egressProxy));
  try {
    const { client } = createUpstream(upstream, {
      agent,
      fleetAgent: agent,
      clock: systemClock,
      logger: pino({ enabled: false }),
      userAgent: `peergate/${version}`,
      observeRequest: () => undefined,
      observeToken: () => undefined,
    });
    return await readSnapshot(client, { now, requestId: systemClock.newId() });
  } finally {
    await agent.destroy();
  }
}

const withoutCreatorFinding = (peering: FleetPeering): FleetPeering => ({
  ...peering,
  findings: peering.findings.filter(({ code }) => code !== 'creator_unknown'),
});

function asJson(snapshot: Snapshot, peerings: readonly FleetPeering[]): string {
  const listed = peerings.map(({ findings, ...peering }) => ({
    ...peering,
    findings: findings.map(({ other: _, ...finding }) => finding),
  }));
  return `${printable(JSON.stringify(fleetBody(snapshot, unreadIn(snapshot), listed)))}\n`;
}

function asTable(snapshot: Snapshot, peerings: readonly FleetPeering[], { colours }: CommandInput): string {
  const { bad, faint } = styleFor(colours);
  const rows = [
    ['CLUSTER', 'PEERING', 'STATUS', 'VPC', 'ACCOUNT', 'REGION', 'BLOCK', 'CREATED BY'],
    ...peerings.map((peering) => cellsOf(peering).map(printable)),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const found = peerings.map(({ findings }) =>
    findings.map(({ code, description }) => `    ${bad(code)} ${printable(description)}\n`).join(''),
  );
  return [
    `${faint(lines[0] ?? '')}\n`,
    ...lines.slice(1).map((line, index) => `${line}\n${found[index]}`),
    ...unreadIn(snapshot).map((id) => `${bad('unread')} cluster ${printable(id)} could not be read\n`),
    `${peerings.length} peerings in ${snapshot.clusters.size} clusters, ${peerings.filter(({ findings }) => findings.length > 0).length} with findings\n`,
  ].join('');
}

const cellsOf = (peering: FleetPeering): string[] => [
  peering.clusterName ?? peering.clusterId,
  peering.id,
  peering.status ?? '-',
  peering.vpcId ?? '-',
  peering.accountId ?? '-',
  peering.region ?? '-',
  peering.cidrBlock ?? '-',
  peering.createdBy?.subject ?? '-',
];
