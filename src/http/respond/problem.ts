// Renders an error as an RFC 9457 problem document in the form of the vendor's contract (`APIError`).
import { type GatewayError, problemTitles } from '../../errors.ts';

/** `message` repeats `detail`: older clients of the contract read only `message`. */
export function problemOf(error: GatewayError, gatewayRequestId: string): object {
  const { type, status } = error.rule;
  return {
    type,
    title: problemTitles[type],
    status,
    detail: error.detail,
    instance: `urn:uuid:${gatewayRequestId}`,
    message: error.detail,
    ...(error.context === undefined ? {} : { context: error.context }),
  };
}

/** The header fields that belong to the refusal itself. */
export const problemHeaders = (error: GatewayError): Record<string, string> => ({
  ...error.headers,
  'Content-Type': 'application/problem+json',
  'Proxy-Status': proxyStatus(error),
});

/** RFC 9209 section 2. */
function proxyStatus({ proxyError, receivedStatus, proxyDetails }: GatewayError): string {
  const received = receivedStatus === undefined ? '' : `; received-status=${receivedStatus}`;
  const details = proxyDetails === undefined ? '' : `; details="${proxyDetails}"`;
  return `peergate; error=${proxyError}${received}${details}`;
}
