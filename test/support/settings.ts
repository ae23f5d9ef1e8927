// The settings of a gateway between a test's issuer and its sandbox, on ports of the system's choice.
import type { AerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { audience } from './issuer.ts';

export interface Neighbours {
  readonly issuer: { readonly url: string };
  readonly cloud: Pick<AerospikeCloud, 'apiUrl' | 'tokenUrl' | 'clientId' | 'clientSecret'>;
}

export const settingsBetween = ({ issuer, cloud }: Neighbours, policyFile: string) => ({
  HOST: '127.0.0.1',
  PORT: '0',
  ADMIN_PORT: '0',
  AUTH_ISSUERS: issuer.url,
  AUTH_AUDIENCE: audience,
  AEROSPIKE_API_URL: cloud.apiUrl,
  AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
  AEROSPIKE_CLIENT_ID: cloud.clientId,
  AEROSPIKE_CLIENT_SECRET: cloud.clientSecret,
  POLICY_FILE: policyFile,
  // Tests that count requests upstream must not meet those of the fleet.
  FLEET_REFRESH_SECONDS: '0',
});
