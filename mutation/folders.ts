// The folders whose source is mutated, each with the tests that judge it, the fast ones first. None starts a whole gateway.

/** Paths below `test/`, as globs. */
export const folders: Readonly<Record<string, readonly string[]>> = {
  net: [
    'net/{address,aws,cidr,ipv4,passable,raw,secure}*',
    'net/vpc-registry',
    'policy/language/vpc-registry',
    'property/{cidr-set,ipv4,strict-json}',
    'property/decide-cidr-list',
  ],
  'policy/engine': [
    'policy/engine/{callers,effective,effective-markdown,explain,naming-the-issuer,recorded-claims}',
    'policy/engine/{suggest,well-formed}',
    'policy/engine/{exceptions,grants,guardrails,nearest-block,replay,report-mode}',
    'policy/language/vpc-registry',
    'property/{suggest,version-1-policies}',
    'property/{decide-cidr-list,decide-cidr-set,decide-oracle,decide-total}',
  ],
  'state/idempotency': ['state/idempotency/*'],
  'audit/log': [
    'audit/log/{audit-faults,chain,find-tail,judge-tail,trail}',
    'audit/log/{audit-log,checkpoint,checkpoints,disk-faults,disk-faults-stop,file-sink,file-sink-moved}',
    'audit/log/{log-file,signing-key,tail}',
  ],
  'audit/verify': [
    'audit/verify/{verify-intents,verify-logs,verify-tampering}',
    'audit/verify/{find-open-intents,verify-signatures}',
    'property/audit-tampering',
  ],
  identity: [
    'identity/{bearer-token,issuers-taken-up,key-set,key-unknown,token-refusal,trusted-issuers}',
    'identity/{key-source,usable-keys,verify-token,verify-token-form}',
    'identity/token-cache',
  ],
};
