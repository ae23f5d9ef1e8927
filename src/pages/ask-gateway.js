// One question to the gateway that served this page, and its answer as plain data. The token is in the Authorization header
// and nowhere else: not in a URL, not in a cookie, not in storage.

/** Where the gateway's routes begin; this page is at `docs/policy` below it, whatever the base path. */
const gateway = new URL('../', location.href);

const patienceMs = 30_000;

/** `path` is relative to the base path. Rejects when no answer comes. */
export async function askGateway(token, path, options = {}) {
  const response = await fetch(new URL(path, gateway), {
    ...options,
    headers: { ...options.headers, Accept: 'application/json', Authorization: `Bearer ${token}` },
    // The client's certificate goes along where the gateway asks for one (`omit` would leave it out); cookies mean nothing.
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.timeout(patienceMs),
  });
  return {
    status: response.status,
    json: parse(await response.text()),
    retryAfter: response.headers.get('Retry-After'),
    requestId: response.headers.get('X-Gateway-Request-Id'),
  };
}

/** What cannot be a path segment of its own is sent as `-`, which the gateway refuses with everything else that is wrong. */
export const dryRunPath = (clusterId) =>
  `database/clusters/${/^[\w-]+$/.test(clusterId) ? clusterId : '-'}/vpc-peerings?dryRun=true`;

export const effectivePath = 'policy/effective';

/** A pasted token without what surrounds it, or `undefined` when it cannot be one (RFC 6750 section 2.1). */
export function tokenIn(text) {
  const token = text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token) ? token : undefined;
}

/** An answer of something in between need not be JSON. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
