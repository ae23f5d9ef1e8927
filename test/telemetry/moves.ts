// What a scrape shows of one request, by the names of its series: to be put together into everything that the request moved.
import type { TestGateway } from '../support/gateway.ts';

export const route = '/database/clusters/{clusterId}/vpc-peerings';
export const one = `${route}/{peeringId}`;
export const request = (path: string, method: string, decision: string, status: string) =>
  `requests_total{route="${path}",method="${method}",decision="${decision}",status="${status}"}`;
export const timed = (path: string) => `request_duration_seconds_count{route="${path}"}`;
export const stages = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [`stage_duration_seconds_count{stage="${name}"}`, 1]));
export const refused = (code: string) => ({ [`refusals_total{code="${code}"}`]: 1 });
export const recorded = (...events: string[]) => ({
  ...Object.fromEntries(events.map((event) => [`audit_records_total{event="peering.${event}"}`, 1])),
  audit_write_duration_seconds_count: events.length,
});
export const asked = (method: string, result: string, times = 1) => ({
  [`upstream_requests_total{method="${method}",result="${result}"}`]: times,
  [`upstream_request_duration_seconds_count{method="${method}"}`]: times,
});
export const token = { 'token_requests_total{result="ok"}': 1 };
/** The header of a good token. */
export const bearer = async (gateway: TestGateway, claims = {}) => ({
  authorization: `Bearer ${await gateway.issuer.sign(claims)}`,
});
