// Logs with checkpoints as a gateway signs them, and the keys for it.
import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { AuditChain, type Head } from '../../../src/audit/log/chain.ts';
import { type Checkpoint, signCheckpoint } from '../../../src/audit/log/checkpoint.ts';
import {
  type CheckpointKey,
  readVerificationKeys,
  type SigningKey,
  toSigningKey,
} from '../../../src/audit/log/signing-key.ts';
import type { AuditEvent } from '../../../src/audit/record/event-form.ts';
import { chainStartedEvent, checkpointEvent } from '../../../src/audit/record/gateway-events.ts';
import { headOf, type LogOptions, plainEvent, startOfTime } from './chained-log.ts';

export interface KeyPair {
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
  readonly signing: SigningKey;
  readonly verifying: readonly CheckpointKey[];
}

export async function makeKeys(algorithm = 'EdDSA', kid?: string): Promise<KeyPair> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const named = async (key: CryptoKey) => ({
    ...(await exportJWK(key)),
    alg: algorithm,
    ...(kid === undefined ? {} : { kid }),
  });
  const [privateJwk, publicJwk] = [await named(pair.privateKey), await named(pair.publicKey)];
  return {
    privateJwk,
    publicJwk,
    signing: await toSigningKey(privateJwk),
    verifying: await readVerificationKeys(JSON.stringify(publicJwk)),
  };
}

export interface SignedLogOptions extends LogOptions {
  /** Between two records. */
  readonly pauseMs?: number;
  /** Makes the JWS, from what a gateway would sign. */
  readonly sign?: (checkpoint: Checkpoint) => string;
}

/** What a gateway writes that does not continue the chain whose last line this is. */
export const startedAfter = (last: string | undefined): AuditEvent =>
  chainStartedEvent({ head: headOf(last), reason: 'not-signed', openIntents: 0 }, 'gateway-1', startOfTime);

/** Of the steps in their order; a number is so many records. */
export function makeSignedLog(
  key: SigningKey,
  steps: readonly (number | 'sign' | AuditEvent)[],
  options: SignedLogOptions = {},
): string[] {
  const { instance = 'gateway-1', after, pauseMs = 10 } = options;
  const sign = options.sign ?? ((checkpoint: Checkpoint) => signCheckpoint(checkpoint, key));
  let time = options.time ?? startOfTime;
  let head: Head | undefined = after;
  const chain = new AuditChain({ version: '0.0.0-test', instance }, randomUUID, after, (sealed) => {
    head = sealed;
  });
  const lines: string[] = [];
  for (const step of steps) {
    if (step === 'sign')
      lines.push(chain.append(checkpointEvent(sign(checkpointOf(head, time)), instance, time)));
    else if (typeof step === 'object') lines.push(chain.append(step));
    else
      for (let count = 0; count < step; count += 1) {
        lines.push(chain.append(plainEvent(time)));
        time += pauseMs;
      }
  }
  return lines;
}

/** What a gateway signs after a record. */
export const checkpointOf = (head: Head | undefined, time: number): Checkpoint => ({
  chain: head?.chain ?? '',
  sequence: head?.sequence ?? 0,
  fingerprint: head?.fingerprint ?? '',
  time,
});
