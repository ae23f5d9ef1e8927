// Every command, in the order of `--help`. Each is loaded only when it runs: a health check must not load the whole gateway to
// send one request.
import { createRequire } from 'node:module';
import type { Command, CommandInput } from './command.ts';

export interface ListedCommand {
  /** One word or two. */
  readonly name: string;
  /** Its heading in the list of commands. */
  readonly topic: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: (input: CommandInput) => Promise<Command>;
}

export const commands: readonly ListedCommand[] = [
  {
    name: 'serve',
    topic: 'The gateway',
    summary: 'Run the gateway, with its settings from the environment.',
    load: ({ stopRequested, onReload, onReopen }) => {
      // Before the rest is loaded, which takes half a second: these signals would end the process. Nothing has been read yet that
      // could be read again.
      onReload(() => undefined);
      onReopen(() => undefined);
      // Process 1 of a container has no default signal handlers and would lose the signal.
      stopRequested();
      // `require` loads 500 files 5 % faster than `import`, which takes a promise for each.
      const read = createRequire(import.meta.url);
      const { serveCommand } = read('./serve.ts') as typeof import('./serve.ts');
      return Promise.resolve(serveCommand);
    },
  },
  {
    name: 'check',
    topic: 'The gateway',
    summary: 'Read settings and policy and report every fault.',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  {
    name: 'doctor',
    topic: 'The gateway',
    summary: 'Test everything that the gateway depends on.',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'health',
    topic: 'The gateway',
    summary: 'Ask the gateway on this machine whether it lives.',
    load: async () => (await import('./health.ts')).healthCommand,
  },
  {
    name: 'policy test',
    topic: 'Policies',
    summary: "Run a policy's own test cases.",
    load: async () => (await import('./policy-test.ts')).policyTestCommand,
  },
  {
    name: 'policy explain',
    topic: 'Policies',
    summary: 'The decision for one request and why.',
    load: async () => (await import('./policy-explain.ts')).policyExplainCommand,
  },
  {
    name: 'policy replay',
    topic: 'Policies',
    summary: 'Decide recorded requests again under another policy.',
    load: async () => (await import('./policy-replay.ts')).policyReplayCommand,
  },
  {
    name: 'policy suggest',
    topic: 'Policies',
    summary: 'The exception that would allow a refused create.',
    load: async () => (await import('./policy-suggest.ts')).policySuggestCommand,
  },
  {
    name: 'peerings',
    topic: 'The fleet',
    summary: 'Show every peering, and what is wrong with it.',
    load: async () => (await import('./peerings.ts')).peeringsCommand,
  },
  {
    name: 'audit verify',
    topic: 'Audit logs',
    summary: 'Check the chain of audit logs, and what they leave open.',
    load: async () => (await import('./audit-verify.ts')).auditVerifyCommand,
  },
];
