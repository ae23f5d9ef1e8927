// The fleet as JSON, as `GET /peerings` and `peerings --json` show it.
import type { FleetPeering } from './findings.ts';
import { isComplete, type Snapshot } from './snapshot.ts';

/** `unread` and `peerings`: as far as they may be shown. */
export const fleetBody = (
  snapshot: Snapshot,
  unread: readonly string[],
  peerings: readonly FleetPeering[],
) => ({
  generatedAt: new Date(snapshot.generatedAt).toISOString(),
  complete: isComplete(snapshot),
  unread,
  count: peerings.length,
  peerings,
});
