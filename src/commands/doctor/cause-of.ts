// Why something that the gateway depends on does not answer as it should, and what an operator can do about it. Holds nothing
// of an answer and nothing secret.
import { ZodError } from 'zod';
import { EgressProxyError, ExchangeError } from '../../outbound/failures.ts';

/** What was found, and what helps. */
export class Problem extends Error {
  readonly remedy: string;

  constructor(cause: string, remedy: string) {
    super(cause);
    this.remedy = remedy;
  }
}

/** By RFC 9209 error type. */
const causes: Readonly<Record<string, readonly [cause: string, remedy: string]>> = {
  connection_refused: ['the connection is refused', 'check host and port, and that the server runs'],
  dns_error: ['the host name is unknown', 'check its spelling and the resolver'],
  dns_timeout: ['the resolver does not answer', 'check the resolver and the egress rule for port 53'],
  destination_ip_unroutable: ['there is no route to the host', 'check the network and its routes'],
  connection_timeout: [
    'no connection in time',
    'check firewalls, NetworkPolicies and whether an egress proxy is needed',
  ],
  connection_terminated: [
    'the connection ends before an answer',
    'check what stands between, such as a firewall or a proxy',
  ],
  http_response_timeout: ['no answer in time', 'check whether the server is overloaded'],
  tls_certificate_error: [
    'its certificate is not trusted for this host',
    'check the host name; for an authority of your own set NODE_EXTRA_CA_CERTS',
  ],
  tls_protocol_error: ['it does not speak TLS as it should', 'check port and scheme of the URL'],
};

/** `remedy`: for a cause that does not say what helps. */
export function causeOf(error: unknown, remedy: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof AggregateError) return causeOf(error.errors[0], remedy);
  if (error instanceof ExchangeError) {
    if (error.cause instanceof EgressProxyError)
      return new Problem(error.cause.message, 'check HTTPS_PROXY, its credentials and NO_PROXY');
    const [cause, own] = causes[error.proxyError] ?? [`the answer is broken (${error.proxyError})`, remedy];
    return new Problem(cause, own);
  }
  if (error instanceof ZodError || error instanceof SyntaxError)
    return new Problem('the answer is not the document that it should be', remedy);
  return new Problem(error instanceof Error ? error.message : 'an unknown error', remedy);
}
