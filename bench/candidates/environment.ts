// What every candidate of the measurements is told by its environment.

export interface Environment {
  readonly port: number;
  readonly upstream: string;
  readonly serviceToken: string;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly algorithm: string;
}

/** Connections to the upstream: as many for every candidate as peergate opens by default. */
export const upstreamConnections = 64;

export function environment(): Environment {
  const wanted = (name: string): string => {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  };
  return {
    port: Number(wanted('PORT')),
    upstream: wanted('UPSTREAM'),
    serviceToken: wanted('SERVICE_TOKEN'),
    issuer: wanted('ISSUER'),
    jwksUri: wanted('JWKS_URI'),
    audience: wanted('AUDIENCE'),
    algorithm: wanted('ALGORITHM'),
  };
}
