// A checkpoint: a compact JWS (RFC 7515) over the head of the chain, which proves that nobody rewrote what came before it.
// Reading one believes nothing but the signature.
import { compactVerify } from 'jose/jws/compact/verify';
import { z } from 'zod';
import type { Head } from './chain.ts';
import type { CheckpointKey, SigningKey } from './signing-key.ts';

/** What is signed (docs/audit-records.md): the last record at `time`, in milliseconds since the epoch. */
export interface Checkpoint extends Pick<Head, 'chain' | 'sequence' | 'fingerprint'> {
  readonly time: number;
}

const type = 'peergate-checkpoint';
const payload = z.strictObject({
  chain: z.string(),
  sequence: z.int().min(1),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.int().min(0),
});

/** Synchronous, so that no record comes between the one that is signed and its checkpoint. */
export function signCheckpoint(
  { chain, sequence, fingerprint, time }: Checkpoint,
  { sign, algorithm, keyId }: SigningKey,
): string {
  const parts = [
    { alg: algorithm, kid: keyId, typ: type },
    { chain, sequence, fingerprint, time },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign(Buffer.from(input)).toString('base64url')}`;
}

/** `undefined` when none of the keys made it, or it says something else than a checkpoint does. */
export async function verifyCheckpoint(
  jws: unknown,
  keys: readonly CheckpointKey[],
): Promise<Checkpoint | undefined> {
  if (typeof jws !== 'string') return undefined;
  for (const { key, algorithm } of keys) {
    try {
      const { payload: bytes, protectedHeader } = await compactVerify(jws, key, { algorithms: [algorithm] });
      if (protectedHeader.typ === type)
        return payload.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    } catch {
      // Another key may have made it.
    }
  }
  return undefined;
}

/** A gateway signs the head of its chain, so the record before the checkpoint, and nothing else. */
export const signsRecordBefore = (
  signed: Checkpoint,
  { chain, sequence, previous }: { chain: string; sequence: number; previous?: string | null | undefined },
): boolean => signed.chain === chain && signed.sequence === sequence - 1 && signed.fingerprint === previous;
