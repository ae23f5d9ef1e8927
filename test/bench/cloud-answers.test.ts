// The gateway reads the whole fleet from the stand-in of Aerospike Cloud, so that a measurement includes what the snapshot costs
// and no error that it would log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudAnswers } from '../../bench/servers/cloud-answers.ts';

const bodyOf = (target: string) => {
  const answer = new CloudAnswers('', false).answerTo({ method: 'GET', target, head: '' }).toString();
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
};

test('the stand-in lists its clusters whole on one page, each with a block, and their peerings', () => {
  const { clusters, meta } = bodyOf('/database/clusters?limit=25&offset=0');
  assert.equal(clusters.length, meta.total);
  assert.ok(clusters.length > 1 && clusters.length < 25);
  for (const { id, infrastructure } of clusters) {
    assert.match(infrastructure.cidrBlock, /\/19$/);
    assert.equal(bodyOf(`/database/clusters/${id}`).infrastructure.cidrBlock, infrastructure.cidrBlock);
    assert.ok(bodyOf(`/database/clusters/${id}/vpc-peerings?limit=100&offset=0`).vpcPeerings.length > 0);
  }
});
