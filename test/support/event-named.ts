// Events with any code and members, for tests of what happens to records of whatever content.
import { type AuditEvent, type EventCode, eventOf } from '../../src/audit/record/event-form.ts';

export const eventNamed = (code: string, members: Readonly<Record<string, unknown>> = {}): AuditEvent =>
  eventOf(code as EventCode, { class_uid: 6003, type_uid: 600303, unmapped: {}, ...members });
