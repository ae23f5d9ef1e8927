// The trace in an audit record: OCSF's profile and its object go together, and neither holds anything but ids and times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyKind, isRecord, type KindRecord, kindsPolicy } from '../contract/every-kind.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { startTestGateway } from '../support/gateway.ts';

const profiles = (record: KindRecord, ...names: string[]) => ({
  ...record,
  metadata: { ...record.metadata, profiles: names },
});

test('a record has a trace and says so, or has none and does not', async (t) => {
  const { traced, intent, loaded, recovered } = await everyKind(
    await startTestGateway(t, { policy: kindsPolicy }),
  );
  assertAuditRecord(traced);
  const { trace, ...untraced } = traced;
  const wrong = {
    'a trace without its profile': profiles(traced, 'security_control'),
    'the profile without a trace': untraced,
    'the profile of another record': profiles(intent, 'security_control', 'trace'),
    'the profiles the other way round': profiles(traced, 'trace', 'security_control'),
    'a change of the policy in a trace': { ...profiles(loaded, 'security_control', 'trace'), trace },
    'a torn line in a trace': { ...profiles(recovered, 'security_control', 'trace'), trace },
    'no trace id': { ...traced, trace: { ...trace, uid: '0'.repeat(32) } },
    'an id in capitals': { ...traced, trace: { ...trace, uid: trace.uid.toUpperCase() } },
    'no span id': { ...traced, trace: { ...trace, span: { ...trace.span, uid: '0'.repeat(16) } } },
    'a span with a name': { ...traced, trace: { ...trace, span: { ...trace.span, operation: 'x' } } },
  };
  for (const [what, record] of Object.entries(wrong)) assert.ok(!isRecord(record), what);
});
