// Regions in a policy: what AWS has and will have is accepted, and what looks mistyped is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf, warningsOf } from '../../support/policy.ts';

const policyWith = (region: string) => `
version: 1
organization: acme
guardrails: { accounts: ["111122223333"], regions: [${region}], cidrs: [10.0.0.0/8] }
`;

test('regions of every partition that AWS has load without a warning', () => {
  for (const region of [
    'us-east-1',
    'ap-southeast-7',
    'me-central-1',
    'mx-central-1',
    'cn-northwest-1',
    'us-gov-west-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eu-isoe-west-1',
    'eusc-de-east-1',
  ])
    assert.deepEqual(warningsOf(policyWith(region)), [], region);
});

test('a region of an unknown partition loads, with a warning at its position', () => {
  for (const region of ['xx-north-1', 'usgov-west-1', 'eusc-fr-west-12'])
    assert.deepEqual(warningsOf(policyWith(region)), [
      `p:4:53: /guardrails/regions/0 ${region} is in no partition that AWS is known to have; is it mistyped?`,
    ]);
});

test('what has not the form of a region is a fault', () => {
  for (const region of ['us_east_1', 'us-east', 'US-EAST-1', 'us-east-1a', 'useast1'])
    assert.equal(faultsOf(policyWith(region)).length, 1, region);
});
