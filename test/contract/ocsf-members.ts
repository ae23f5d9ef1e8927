// What of OCSF 1.9.0 a record can hold: the class API Activity (6003) with the profiles security_control, record_integrity and
// trace. By https://github.com/ocsf/ocsf-schema, commit a5cfc68e: events/application/api_activity.json, events/base_event.json,
// the objects of these names in objects/, and profiles/. Only members that peergate uses are listed.

export interface OcsfObject {
  /** By name: a JSON type, `open` for any object, the name of another object, with `[]` for a list of it. */
  readonly members: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
  /** One of them is required (`constraints.at_least_one`). */
  readonly atLeastOne?: readonly string[];
  /** Enumerations: the member of the caption, and captions by number. 99 is `Other`: any caption. */
  readonly enums?: Readonly<Record<string, readonly [string, Readonly<Record<number, string>>]>>;
}

const object = (members: OcsfObject['members'], rules: Omit<OcsfObject, 'members'> = {}): OcsfObject => ({
  members,
  ...rules,
});

const text = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'string']));
const integer = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'integer']));
const named = { atLeastOne: ['name', 'uid'] };

export const ocsf: Readonly<Record<string, OcsfObject>> = {
  event: object(
    {
      ...text('action', 'activity_name', 'category_name', 'class_name', 'disposition', 'severity', 'status'),
      ...text('status_code', 'status_detail'),
      ...integer('action_id', 'activity_id', 'category_uid', 'class_uid', 'disposition_id', 'duration'),
      ...integer('severity_id', 'start_time', 'status_id', 'time', 'type_uid'),
      ...{ actor: 'actor', api: 'api', attestation_list: 'attestation[]', authorizations: 'authorization[]' },
      ...{ http_request: 'http_request', http_response: 'http_response', metadata: 'metadata' },
      ...{ policy: 'policy', resources: 'resource_details[]', src_endpoint: 'network_endpoint' },
      ...{ trace: 'trace', unmapped: 'open' },
    },
    {
      required: [
        'activity_id',
        'actor',
        'api',
        'category_uid',
        'class_uid',
        'metadata',
        'severity_id',
      ].concat(
        ['src_endpoint', 'time', 'type_uid'],
        // By security_control and record_integrity.
        ['action_id', 'attestation_list'],
      ),
      enums: {
        category_uid: ['category_name', { 6: 'Application Activity' }],
        class_uid: ['class_name', { 6003: 'API Activity' }],
        activity_id: ['activity_name', { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' }],
        severity_id: ['severity', { 1: 'Informational', 2: 'Low', 3: 'Medium' }],
        status_id: ['status', { 0: 'Unknown', 1: 'Success', 2: 'Failure' }],
        action_id: ['action', { 1: 'Allowed', 2: 'Denied', 3: 'Observed' }],
        disposition_id: ['disposition', { 1: 'Allowed', 2: 'Blocked' }],
      },
    },
  ),
  account: object(
    { ...text('type', 'uid'), ...integer('type_id') },
    { ...named, enums: { type_id: ['type', { 10: 'AWS Account' }] } },
  ),
  actor: object(
    { ...text('app_name', 'app_uid'), idp: 'idp', session: 'session', user: 'user' },
    { atLeastOne: ['user', 'session', 'app_name', 'app_uid'] },
  ),
  api: object(
    { ...text('operation'), request: 'request', response: 'response', service: 'service', token: 'token' },
    { required: ['operation'] },
  ),
  attestation: object(
    { ...text('authority_uid', 'chain_uid'), fingerprint: 'fingerprint', prev_event: 'prev_event' },
    { atLeastOne: ['fingerprint', 'signatures'] },
  ),
  authorization: object({ ...text('decision'), policy: 'policy' }),
  fingerprint: object(
    { ...text('value'), ...integer('algorithm_id', 'encoding_id', 'serialization_id') },
    { required: ['algorithm_id', 'value'] },
  ),
  http_header: object(text('name', 'value'), { required: ['name', 'value'] }),
  http_request: object({ ...text('http_method', 'uid'), url: 'url' }),
  http_response: object({ ...integer('code'), http_headers: 'http_header[]' }, { required: ['code'] }),
  idp: object(text('name'), named),
  metadata: object(
    {
      ...text('event_code', 'uid', 'version'),
      ...integer('sequence', 'untruncated_size'),
      ...{ is_truncated: 'boolean', product: 'product', profiles: 'string[]', reporter: 'reporter' },
    },
    { required: ['product', 'version'] },
  ),
  network_endpoint: object(text('ip', 'name'), { atLeastOne: ['ip', 'name'] }),
  owner: object({ account: 'account' }, { atLeastOne: ['account', 'name', 'uid'] }),
  policy: object({ ...text('name', 'uid', 'version'), is_applied: 'boolean' }, named),
  prev_event: object(
    { ...text('uid'), ...integer('type_uid'), fingerprint: 'fingerprint' },
    { required: ['uid'] },
  ),
  product: object(text('name', 'vendor_name', 'version'), named),
  reporter: object(text('uid'), { atLeastOne: ['uid'] }),
  request: object({ ...text('uid'), data: 'open' }, { required: ['uid'] }),
  resource_details: object({ ...text('type', 'uid'), owner: 'owner' }, named),
  response: object(integer('code')),
  service: object(text('name'), named),
  session: object(text('credential_uid', 'issuer')),
  span: object(
    { ...text('uid'), ...integer('start_time', 'end_time') },
    { required: ['end_time', 'start_time', 'uid'] },
  ),
  token: object(text('uid')),
  trace: object({ ...text('uid'), span: 'span' }, { required: ['uid'] }),
  url: object(text('path'), { atLeastOne: ['path', 'url_string'] }),
  user: object(
    { ...text('name', 'type', 'uid'), ...integer('type_id') },
    {
      atLeastOne: ['account', 'name', 'uid'],
      enums: { type_id: ['type', { 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service' }] },
    },
  ),
};
