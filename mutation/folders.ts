// The folders whose source is mutated, each with the tests that judge it, the fast ones first. None starts a whole gateway.

/** Paths below `test/`, as globs. */
export const folders: Readonly<Record<string, readonly string[]>> = {
  net: [
    'net/{address,aws,cidr,ipv4,json,passable,raw,secure}*',
    'net/vpc-registry',
    'policy/language/vpc-registry',
    'property/{cidr-set,ipv4,strict-json}',
    'property/decide-cidr-list',
    'net/vpc-registry-bound',
  ],
  'policy/engine': [
    'policy/engine/{callers,delete-own,effective,effective-markdown,explain,naming-the-issuer}',
    'policy/engine/{recorded-claims,replay-records,suggest,well-formed}',
    'policy/engine/{exceptions,grants,guardrails,nearest-block,replay,report-mode}',
    'policy/language/vpc-registry',
    'property/{decide-cidr-list,decide-cidr-set,version-1-policies}',
    'property/decide-total',
  ],
  'state/idempotency': ['state/idempotency/*'],
  'audit/log': [
    'audit/log/{audit-faults,chain,find-tail,judge-tail,trail}',
    'audit/log/{audit-log,checkpoint,checkpoints,disk-faults,disk-faults-stop,file-sink,file-sink-moved}',
    'audit/log/{log-file,signing-key,tail}',
  ],
  'audit/verify': [
    'audit/verify/{findings,open-intents,verify-intents,verify-logs,verify-tampering}',
    'audit/log/judge-tail',
    'audit/verify/{find-open-intents-chains,verify-signatures,verify-old-chains,find-open-intents}',
  ],
  identity: [
    'identity/{bearer-token,issuers-taken-up,key-set,key-set-told,key-unknown,token-refusal,trusted-issuers}',
    'identity/{key-source,usable-keys,verify-token,verify-token-form}',
    'identity/token-cache',
  ],
};
