// The services that the pipeline uses. `components.ts` opens and closes them.
import type { AuditTrail } from '../audit/log/trail.ts';
import type { Clock } from '../clock.ts';
import type { CreatorLog } from '../fleet/creator-log.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { TokenCache } from '../identity/token-cache.ts';
import type { Logger } from '../logging/logger.ts';
import type { Reconciler } from '../reconciliation/reconciler.ts';
import type { CreatorStore } from '../state/creators/creator-store.ts';
import type { IdempotencyStore, KeyState } from '../state/idempotency/idempotency-store.ts';
import type { ClusterLock } from '../state/lock/cluster-lock.ts';
import type { RateLimiter } from '../state/rate-limit/rate-limiter.ts';
import type { UpstreamReader } from '../upstream/client.ts';
import type { NetworkReader } from '../upstream/network-reader.ts';
import type { PeeringPoller } from '../upstream/peering-poller.ts';
import type { ChangeForwarder } from './forward.ts';
import type { ScopeName } from './operation.ts';

export interface PipelineServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tokens: TokenCache;
  readonly scopes: Readonly<Record<ScopeName, string>>;
  readonly callerLimit: RateLimiter;
  /** Only the forwarder records intents and sends changes, so that each has both its records. */
  readonly forwarder: ChangeForwarder;
  readonly trail: Omit<AuditTrail, 'recordIntent'>;
  readonly upstream: UpstreamReader;
  readonly network: NetworkReader;
  readonly poller: PeeringPoller;
  readonly reconciler: Reconciler;
  readonly idempotency: IdempotencyStore;
  readonly creators: CreatorStore;
  readonly creatorLog: CreatorLog;
  /** `undefined` with FLEET_REFRESH_SECONDS=0. */
  readonly fleet: Fleet | undefined;
  /** Is called with what was found under each Idempotency-Key. */
  readonly observeKey: (state: KeyState) => void;
  /** `undefined` with PREFLIGHT=off: no preflight, and creates are not serialized. */
  readonly clusterLock: ClusterLock | undefined;
}
