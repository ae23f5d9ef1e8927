// The commands of docs/policy.md that make a VPC registry give one that the gateway reads, with `aws` and `curl` in the place of
// which scripts answer as the two APIs do.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readVpcTable, VpcRegistry } from '../../src/net/vpc-registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { readText } from './documents.ts';

const noJq = spawnSync('jq', ['--version']).status === 0 ? false : 'jq is not installed';
const associated = (CidrBlock: string, State = 'associated') => ({ CidrBlock, CidrBlockState: { State } });
const vpcId = 'vpc-0123456789abcdef0';

/** What each command prints. */
const answers = {
  aws: {
    Vpcs: [
      {
        VpcId: vpcId,
        OwnerId: '111122223333',
        CidrBlock: '10.20.0.0/16',
        CidrBlockAssociationSet: [
          associated('10.20.0.0/16'),
          associated('10.30.0.0/24'),
          associated('10.31.0.0/24', 'disassociated'),
        ],
      },
    ],
  },
  curl: {
    count: 2,
    results: ['10.20.0.0/16', '10.30.0.0/24'].map((prefix) => ({
      prefix,
      custom_fields: { vpc_id: vpcId, aws_account: '111122223333', aws_region: 'us-east-1' },
    })),
  },
};

for (const [command, answer] of Object.entries(answers))
  test(`the registry that the guide makes with ${command} has every block of the VPC`, {
    skip: noJq,
  }, async () => {
    const folder = temporaryFolder();
    const script = `#!/bin/sh\ncase "$*" in *get-caller-identity*) echo 111122223333;; *) cat <<'END'\n${JSON.stringify(answer)}\nEND\n;; esac\n`;
    await writeFile(join(folder, command), script);
    await chmod(join(folder, command), 0o755);
    const blocks = [...readText('docs/policy.md').matchAll(/```sh\n([^`]*> vpcs\.csv)\n```/g)];
    const text = blocks.map(([, shell = '']) => shell).find((shell) => shell.includes(`${command} `));
    assert.ok(text !== undefined);
    const env = { PATH: `${folder}:${process.env['PATH']}`, NETBOX_TOKEN: 't', NETBOX_URL: 'http://netbox' };
    execFileSync('sh', ['-eu', '-c', text], { cwd: folder, env });
    const { table, faults } = readVpcTable(readFileSync(join(folder, 'vpcs.csv')));
    assert.deepEqual(faults, []);
    const vpc = new VpcRegistry(table).find(vpcId);
    assert.deepEqual([vpc?.accountId, vpc?.region, vpc?.blocks.length], ['111122223333', 'us-east-1', 2]);
  });
