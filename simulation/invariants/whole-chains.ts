// Each chain verifies, by the gateway's own `audit verify` and by a reading of its own; no record holds a secret.
import { verifyLogs } from '../../src/audit/verify/verify-logs.ts';
import type { AuditRecord } from '../audit-reader.ts';
import { secretMark } from '../caller-token.ts';
import { auditPath, type Machine } from '../machine.ts';
import { verificationKey } from '../signing-key.ts';
import type { World } from '../world.ts';

const name = 'whole-chains';
const printedPath = '/printed/audit.log';

/** Runs where the files of the machine are. */
export async function requireWholeChains(world: World, machine: Machine): Promise<void> {
  const { disk, stdout } = machine;
  if (!world.settings.auditFile) disk.put(printedPath, stdout.lines.map((line) => `${line}\n`).join(''));
  const files = disk.paths.filter(
    (path) => path === printedPath || (path.startsWith(auditPath) && !path.includes('.torn-')),
  );
  const keys = world.settings.signed ? [verificationKey] : undefined;
  const { findings, records } = await verifyLogs(files, { keys, onRead: () => undefined });
  for (const { kind, description } of findings)
    if (kind === 'unreadable' && machine.wasRotatedDown) world.count('torn line in a file rotated meanwhile');
    else world.violated(name, `${machine.name}: ${description}`);
  if (records === 0) world.violated(name, `${machine.name} has no records`);
  for (const path of files)
    if (disk.contentOf(path).includes(secretMark))
      world.violated('no-secrets', `${machine.name}: ${path} holds a secret`);
  // The records of a machine that hid a loss are not all there.
  if (!disk.hidLoss) requireSequences(world, machine);
}

/** A file has one chain, unless the key cannot vouch for its end. */
function requireContinued(world: World, machine: Machine): void {
  const [, ...again] = machine.audit.records().filter(({ code }) => code === 'audit.chain-started');
  for (const { unmapped } of again) {
    const { reason = 'none' } = (unmapped['oldChain'] ?? {}) as { reason?: string };
    if (world.settings.signed && ['not-signed', 'unsigned-tail'].includes(reason))
      world.count(`new chain: ${reason}`);
    else world.violated(name, `${machine.name} began a new chain: ${reason}`);
  }
}

/** Every number of each chain once, from 1 on. */
function requireSequences(world: World, machine: Machine): void {
  const chains = Map.groupBy(machine.audit.records(), ({ chain }: AuditRecord) => chain);
  if (world.settings.auditFile) requireContinued(world, machine);
  for (const [chain, records] of chains) {
    const numbers = records.map(({ sequence }) => sequence).sort((one, other) => one - other);
    const isWhole = numbers.every((number, index) => number === index + 1);
    if (!isWhole)
      world.violated(name, `${machine.name}: chain ${chain} has the numbers ${numbers.join(' ')}`);
  }
}
