// Loads a policy as the gateway does, and each text only once: all worlds have the same few.
import type { ReadPolicy } from '../src/policy/engine/policy-data.ts';
import { type LoadRequest, loadAndTest } from '../src/policy/store/load-and-test.ts';
import { thisProcess } from './simulated-process.ts';

const loaded = new Map<string, ReadPolicy>();

export function loadPolicy(request: LoadRequest): ReadPolicy {
  const text = thisProcess().surroundings.disk.contentOf(request.policyFile).toString();
  const key = JSON.stringify([text, request.settings]);
  const read = loaded.get(key) ?? loadAndTest(request);
  loaded.set(key, read);
  return read;
}
