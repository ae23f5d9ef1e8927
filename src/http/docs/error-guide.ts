// For each error code: who can do something about it, and what. `/docs/errors` is made of this and of the table in
// `errors.ts`; a code without an entry does not compile.
import type { ErrorCode } from '../../errors.ts';

interface ErrorAdvice {
  readonly who:
    | 'the caller'
    | "the organisation's network team"
    | "the gateway's operator"
    | 'nobody: it passes';
  readonly remedy: string;
}

const caller = (remedy: string): ErrorAdvice => ({ who: 'the caller', remedy });
const team = (remedy: string): ErrorAdvice => ({ who: "the organisation's network team", remedy });
const operator = (remedy: string): ErrorAdvice => ({ who: "the gateway's operator", remedy });
const later = (remedy: string): ErrorAdvice => ({ who: 'nobody: it passes', remedy });

const again = 'Send the request again after the seconds that Retry-After names.';
const sentFirst =
  'Read context.sent. After no, send the request again. After maybe or yes, read the list of peerings first, or repeat the create with its Idempotency-Key.';

export const errorGuide: Readonly<Record<ErrorCode, ErrorAdvice>> = {
  'token-missing': caller('Send an access token of your identity provider: Authorization: Bearer TOKEN.'),
  'token-duplicated': caller('Send one Authorization header. A proxy on the way may add a second one.'),
  'token-invalid': caller(
    'Read error_description in WWW-Authenticate. Get a token of an issuer and for an audience that this gateway accepts.',
  ),
  'token-expired': caller('Get a new token. If it is new, set the clock of its issuer or of the caller.'),
  'scope-missing': caller('Get a token with the scope that WWW-Authenticate names.'),
  'policy-denied': team(
    'context.violations names each rule and what it would have allowed. Change the request, or ask the contact for a grant or an exception and give X-Gateway-Request-Id.',
  ),
  'request-invalid': caller(
    'Correct what context.missing and context.invalid name, and send the request again.',
  ),
  'request-malformed': caller('Send well-formed HTTP/1.1. A proxy on the way may have changed the request.'),
  'request-timeout': caller('Send the whole request without a pause.'),
  'headers-too-large': caller(
    'Send fewer or shorter header fields; a token with many groups can be too large.',
  ),
  'route-unknown': caller(
    'Compare the path with the contract at /docs. An operator may have set a base path.',
  ),
  'peering-unknown': caller('List the peerings of the cluster and use the id of one of them.'),
  'peering-ambiguous': caller('List the peerings of the cluster and use the UUID of the one that is meant.'),
  'method-not-allowed': caller('Use a method that Allow names.'),
  'body-too-large': caller('Send the five members of a create and nothing else.'),
  'media-type-unsupported': caller('Send Content-Type: application/json, in UTF-8 and without compression.'),
  'rate-limited': later(`${again} Wait longer between requests.`),
  overloaded: later(again),
  stopping: later(`${again} Another instance serves it.`),
  'keys-unavailable': operator("Make the issuer's metadata and keys reachable from the gateway."),
  'vpc-peered-already': caller('Use the peering that exists, or delete it first.'),
  'cidr-overlap': caller(
    'Use a block that overlaps nothing that context.invalid names. If the VPC has only that block, it needs another one.',
  ),
  'vpc-peered-elsewhere': caller(
    'Peer another VPC, delete the peering with the other cluster, or ask for a cluster with another block.',
  ),
  'peering-limit': team(
    'context.count and context.limit name the limit. Delete peerings that nobody needs, or raise maxPeerings in the policy.',
  ),
  'fleet-unavailable': later(
    `${again} The fleet or, for a delete by deleteOwn, the creators of peerings are not known yet. If it lasts, see why the gateway cannot read the clusters, the audit log or Redis.`,
  ),
  'idempotency-key-reused': caller('Use a new Idempotency-Key for another create.'),
  'idempotency-key-running': later('Send the same request again after the seconds that Retry-After names.'),
  'idempotency-unavailable': operator('Make Redis reachable. Callers can send the same request again later.'),
  'cluster-busy': later(again),
  'audit-unavailable': operator('Make the audit log writable: see free space and permissions of AUDIT_FILE.'),
  'upstream-unreachable': operator(`Make Aerospike Cloud reachable from the gateway. ${sentFirst}`),
  'upstream-broken': operator(`Find out what answers in place of Aerospike Cloud. ${sentFirst}`),
  'circuit-open': later(again),
  'preflight-failed': operator(
    'The request was not sent: send it again. If that fails, see why the gateway cannot read from Aerospike Cloud.',
  ),
  'upstream-timeout': later(sentFirst),
  'credential-refused': operator('Renew the service credential, and give it the scopes that it needs.'),
  'service-token-unavailable': operator('Check AEROSPIKE_CLIENT_ID, its secret, and the token endpoint.'),
  'service-token-timeout': operator('Make the token endpoint of Aerospike Cloud reachable from the gateway.'),
  internal: operator('Find the log line with the value of X-Gateway-Request-Id, and report the fault.'),
};
