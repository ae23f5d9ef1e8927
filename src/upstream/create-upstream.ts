// Creates the client for Aerospike Cloud, with its service token and a circuit breaker for each method.
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { UpstreamConfig } from '../config/config.ts';
import type { Logger } from '../logging/logger.ts';
import { Breaker } from './breaker.ts';
import { type Breakers, UpstreamClient, type UpstreamSettings } from './client.ts';
import { ServiceToken, type ServiceTokenServices } from './service-token.ts';
import { requestToken } from './token-request.ts';

interface UpstreamParts {
  readonly agent: Dispatcher;
  /** For the fleet, which must not take connections from requests. */
  readonly fleetAgent: Dispatcher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent: string;
  readonly observeRequest: NonNullable<UpstreamSettings['observe']>;
  readonly observeToken: NonNullable<ServiceTokenServices['observe']>;
}

export function createUpstream(
  config: UpstreamConfig,
  { agent, fleetAgent, clock, logger, userAgent, observeRequest, observeToken }: UpstreamParts,
): { readonly client: UpstreamClient; readonly fleetClient: UpstreamClient; readonly breakers: Breakers } {
  const breakers = {
    GET: new Breaker(logger, 'reads'),
    POST: new Breaker(logger, 'creates'),
    DELETE: new Breaker(logger, 'deletes'),
  };
  const request = () => requestToken(agent, config);
  const token = new ServiceToken(request, { clock, logger, observe: observeToken });
  const settings = { ...config, userAgent, observe: observeRequest };
  const fleetBreaker = new Breaker(logger, 'reads of the fleet');
  const fleetBreakers = { GET: fleetBreaker, POST: fleetBreaker, DELETE: fleetBreaker };
  return {
    client: new UpstreamClient(agent, token, breakers, settings),
    fleetClient: new UpstreamClient(fleetAgent, token, fleetBreakers, settings),
    breakers,
  };
}
