// The form of every answer that says no: an RFC 9457 problem document as the vendor's contract has it (`APIError`).
import { type GatewayError, problemTitles } from '../../errors.ts';

/** `message` repeats `detail`, since the contract's older clients read only that. */
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
