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
    code: error.code,
    ...(error.context === undefined ? {} : { context: error.context }),
  };
}

/** The header fields that belong to the refusal itself. `basePath`: of the public routes. */
export const problemHeaders = (error: GatewayError, basePath: string): Record<string, string> => ({
  ...error.headers,
  'Content-Type': 'application/problem+json',
  Link: `<${basePath}/docs/errors#${error.code}>; rel="help"`,
  'Proxy-Status': proxyStatus(error),
});

/** RFC 9209 section 2. */
function proxyStatus({ code, proxyError, receivedStatus, proxyDetails }: GatewayError): string {
  const received = receivedStatus === undefined ? '' : `; received-status=${receivedStatus}`;
  return `peergate; error=${proxyError}; details="${proxyDetails ?? code}"${received}`;
}
