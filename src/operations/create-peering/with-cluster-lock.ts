// Serializes creates for one cluster, from preflight to outcome. With PREFLIGHT=off they are not serialized.
import type { PipelineServices } from '../../pipeline/services.ts';
import type { Parsed } from '../../request/request.ts';
import type { CreateTarget } from './create-peering.ts';

/** Rejects with `cluster-busy` if the lock cannot be acquired in time, or as `work` does. */
export async function withClusterLock<Result>(
  { target, stages }: Parsed<CreateTarget>,
  { clusterLock }: PipelineServices,
  work: () => Promise<Result>,
): Promise<Result> {
  if (clusterLock === undefined) return await work();
  const release = await stages.run('lock', () => clusterLock.acquire(target.clusterId));
  try {
    return await work();
  } finally {
    release();
  }
}
