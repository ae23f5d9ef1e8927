// `doctor`: asks everything that the gateway depends on, with the gateway's own settings and its own code, and changes nothing.
// Says for each what is wrong and what helps; shows no secret and no token.
import { systemClock } from '../clock.ts';
import { revealEgressProxy } from '../outbound/agent.ts';
import { prepare } from './check.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';
import { causeOf } from './doctor/cause-of.ts';
import { type Check, checkClock, checksFor } from './doctor/checks.ts';
import { WatchedAgent } from './doctor/watched-agent.ts';
import { printable, styleFor } from './terminal.ts';

export const doctorCommand: Command = {
  help: `Usage: bin/peergate doctor

Asks, with the settings of the gateway: each issuer for its keys, the token
endpoint for a token, Aerospike Cloud for one page of clusters, and Redis
whether it takes writes. Looks at the audit file, the certificate and, by the
Date of each answer, at the clock. Changes nothing. One line each: a check
mark, or a cross with the cause and the remedy. Shows no secret and no token.

Run it where the gateway runs: elsewhere the network is another one.

Example, with the settings in a file of NAME=VALUE lines
  node --env-file=peergate.env bin/peergate doctor

Exit status: 0 all well, 1 there is a problem, 2 called wrongly.
`,
  run: doctor,
};

interface Finding {
  readonly isGood: boolean;
  readonly text: string;
}

async function doctor({ environment, stdout, now, colours }: CommandInput): Promise<ExitStatus> {
  const { good, bad } = styleFor(colours);
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    findings.push(finding);
    stdout(`${finding.isGood ? good('✓') : bad('✗')} ${printable(finding.text)}\n`);
  };
  const prepared = prepare(environment, now);
  if (prepared.faults !== undefined) {
    for (const fault of prepared.faults)
      report({ isGood: false, text: `${fault}; bin/peergate check tells more` });
    return 1;
  }
  report({ isGood: true, text: 'settings and policy: no fault' });
  const { config } = prepared;
  const { connectTimeoutMs, connections } = config.upstream;
  const egressProxy = await revealEgressProxy(config.egressProxy);
  const agent = new WatchedAgent(connectTimeoutMs, connections, egressProxy);
  try {
    const checks = checksFor(config, agent, systemClock.now);
    for (const finding of await Promise.all(checks.map(findingOf))) report(finding);
    report(
      await findingOf({
        name: 'clock',
        remedy: 'set the clock',
        run: async () => checkClock(agent.times, config.auth.clockToleranceSeconds),
      }),
    );
  } finally {
    await agent.destroy();
  }
  return findings.every(({ isGood }) => isGood) ? 0 : 1;
}

async function findingOf({ name, remedy, run }: Check): Promise<Finding> {
  try {
    return { isGood: true, text: `${name}: ${await run()}` };
  } catch (error) {
    const problem = causeOf(error, remedy);
    return { isGood: false, text: `${name}: ${problem.message}; ${problem.remedy}` };
  }
}
