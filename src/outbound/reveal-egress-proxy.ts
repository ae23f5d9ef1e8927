// The egress proxy with its credentials, for those who make connections.
import type { EgressProxyConfig } from '../config/config.ts';
import type { EgressProxy } from './agent.ts';

export const revealEgressProxy = async ({
  httpProxy,
  httpsProxy,
  noProxy,
}: EgressProxyConfig): Promise<EgressProxy> => ({
  httpProxy: await httpProxy?.reveal(),
  httpsProxy: await httpsProxy?.reveal(),
  noProxy,
});
