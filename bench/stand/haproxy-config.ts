// HAProxy as a gateway of the same kind, as far as its own language goes: signature, claims, scope, the members'
// forms, account, region and block, one JSON log line, a rate that is counted per caller. One thread, as every other
// candidate has one core.
import {
  accountPattern,
  accounts,
  allowedBlocks,
  forbiddenBlocks,
  prefixLength,
  regionPattern,
  regions,
  vpcPattern,
} from '../candidates/checks.ts';

export interface HaproxySettings {
  readonly port: number;
  readonly upstreamPort: number;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithm: string;
  readonly publicKeyFile: string;
  readonly serviceToken: string;
}

const members = ['vpcId', 'cidrBlock', 'accountId', 'region', 'isSecureConnection'];
/** A pattern as one word of the configuration: POSIX has no groups that are not kept. */
const word = (pattern: string): string => `'${pattern.replaceAll('(?:', '(')}'`;

export function haproxyConfig(settings: HaproxySettings): string {
  const { port, upstreamPort, issuer, audience, algorithm, publicKeyFile, serviceToken } = settings;
  const claim = (name: string, type = ''): string =>
    `http-request set-var(txn.${name}) http_auth_bearer,jwt_payload_query('$.${name}'${type})`;
  const deny = (status: number, condition: string): string =>
    `http-request deny deny_status ${status} ${condition}`;
  return `global
  nbthread 1
  maxconn 4096
  log stdout format raw local0 info

defaults
  mode http
  log global
  timeout connect 3s
  timeout client 75s
  timeout server 30s
  timeout http-request 15s
  option http-buffer-request
  option http-keep-alive
  http-reuse always

frontend callers
  bind 127.0.0.1:${port}
  stick-table type string len 64 size 100k expire 60s store http_req_rate(60s)
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  ${deny(401, `if !{ var(txn.alg) -m str ${algorithm} }`)}
  ${deny(401, `if !{ http_auth_bearer,jwt_verify(txn.alg,"${publicKeyFile}") -m int 1 }`)}
  ${claim('iss')}
  ${claim('aud')}
  ${claim('sub')}
  ${claim('scope')}
  ${claim('exp', ",'int'")}
  http-request set-var(txn.now) date()
  ${deny(401, `if !{ var(txn.iss) -m str ${issuer} }`)}
  ${deny(401, `if !{ var(txn.aud) -m str ${audience} }`)}
  ${deny(401, 'if !{ var(txn.sub) -m found }')}
  ${deny(401, 'if !{ var(txn.exp) -m found } || { var(txn.exp),sub(txn.now) -m int le 0 }')}
  http-request track-sc0 var(txn.sub)
  ${deny(429, 'if { sc_http_req_rate(0) gt 1000000 }')}
  acl create method POST
  ${deny(403, "if create !{ var(txn.scope) -m reg '(^| )update:database( |$)' }")}
  ${deny(403, "if !create !{ var(txn.scope) -m reg '(^| )read:database( |$)' }")}
  ${members.map((name) => `http-request set-var(txn.${name}) req.body,json_query('$.${name}') if create`).join('\n  ')}
  ${deny(400, `if create !{ var(txn.vpcId) -m reg ${word(vpcPattern)} }`)}
  ${deny(400, `if create !{ var(txn.accountId) -m reg ${word(accountPattern)} }`)}
  ${deny(400, `if create !{ var(txn.region) -m reg ${word(regionPattern)} }`)}
  ${deny(400, "if create !{ var(txn.cidrBlock) -m reg '^([0-9]{1,3}[.]){3}[0-9]{1,3}/[0-9]{1,2}$' }")}
  ${deny(400, 'if create !{ var(txn.isSecureConnection) -m str 0 1 }')}
  ${deny(403, `if create !{ var(txn.accountId) -m str ${accounts.join(' ')} }`)}
  ${deny(403, `if create !{ var(txn.region) -m str ${regions.join(' ')} }`)}
  http-request set-var(txn.block) var(txn.cidrBlock),field(1,/) if create
  ${deny(403, `if create !{ var(txn.cidrBlock),field(2,/) -m int ${prefixLength.min}:${prefixLength.max} }`)}
  ${deny(403, `if create !{ var(txn.block) -m ip ${allowedBlocks.join(' ')} }`)}
  ${deny(403, `if create { var(txn.block) -m ip ${forbiddenBlocks.join(' ')} }`)}
  http-request set-header Authorization "Bearer ${serviceToken}"
  log-format '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","method":"%HM","status":%ST,"subject":"%[var(txn.sub)]","durationMs":%Ta}'
  default_backend cloud

backend cloud
  server cloud 127.0.0.1:${upstreamPort} maxconn 64
`;
}
