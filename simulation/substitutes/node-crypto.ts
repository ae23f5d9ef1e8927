// Takes the place of `node:crypto` for code of the gateway: ids come from the seed.
import { thisProcess } from '../simulated-process.ts';

// What only computes is the real one.
export * from 'node:crypto';

export const randomUUID = (): string => thisProcess().random.uuid();
