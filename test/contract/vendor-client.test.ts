// A client that was generated for Aerospike Cloud works through the gateway with nothing changed but its base URL, and
// gets the same results. The document that it is made from says the same as the vendor's.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import {
  type AxiosResponse,
  type Document,
  OpenAPIClientAxios,
  type UnknownOperationMethod,
} from 'openapi-client-axios';
import { request } from 'undici';
import { parse } from 'yaml';
import { allowed, clusterId, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { contractDocument, gatewayContract, responseFor } from './contract-document.ts';
import type { Parameter } from './openapi-types.ts';

const vendor = contractDocument(parse(await readFile(new URL('vendor-api.yaml', import.meta.url), 'utf8')));
const nowhere = '00000000-0000-4000-8000-000000000000';
/** Long enough for both lists to see the peering in the same status. */
const slow = { pace: { initiatingMs: 3_600_000 } };

/** What is read of a peering or of a list of peerings. */
interface VendorBody {
  readonly id: string;
  readonly count: number;
  readonly vpcPeerings: readonly { readonly id: string }[];
}

interface Client {
  readonly create: UnknownOperationMethod;
  readonly list: UnknownOperationMethod;
}

/** Only the base URL differs; the token is whatever the other side takes. */
async function clientFor(url: string, token: string): Promise<Client> {
  const api = new OpenAPIClientAxios({
    definition: structuredClone(vendor.root) as unknown as Document,
    withServer: { url },
    axiosConfigDefaults: {
      headers: { Authorization: `Bearer ${token}` },
      validateStatus: () => true,
      proxy: false,
    },
  });
  const { createVPCPeerings, getVPCPeerings } = await api.init();
  assert.ok(createVPCPeerings && getVPCPeerings);
  return { create: createVPCPeerings, list: getVPCPeerings };
}

async function bothClients({
  url,
  issuer,
  cloud,
}: TestGateway): Promise<{ through: Client; direct: Client }> {
  const { clientId: client_id, clientSecret: client_secret } = cloud;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await request(cloud.tokenUrl, { method: 'POST', headers, body: form.toString() });
  const { access_token } = (await answer.body.json()) as { access_token: string };
  return {
    through: await clientFor(url, await issuer.sign()),
    direct: await clientFor(cloud.apiUrl, access_token),
  };
}

/** Fails unless the vendor's document has this answer; gives what the client's user sees of it. */
function seen(id: string, { status, headers, data }: AxiosResponse<VendorBody>) {
  const operation = vendor.operations.find((candidate) => candidate.id === id);
  assert.ok(operation, id);
  const mediaType = String(headers['content-type']);
  const { content } = responseFor(operation, status);
  assert.ok(content?.[mediaType], `${id} ${status} ${mediaType}`);
  vendor.assertValid(content[mediaType].schema, data, `${id} ${status}`);
  assert.ok(headers['x-request-id']);
  return { status, mediaType, data };
}

test('a create through the gateway gives what a create without it gives', async (t) => {
  const gateway = await startTestGateway(t, { cloud: slow });
  const { through, direct } = await bothClients(gateway);
  const [one, other] = [
    await through.create({ clusterId }, allowed),
    await direct.create({ clusterId }, allowed),
  ];
  const [left, right] = [seen('createVPCPeerings', one), seen('createVPCPeerings', other)];
  assert.equal(left.status, 201);
  assert.notEqual(left.data.id, right.data.id);
  assert.deepEqual(
    { ...left, data: { ...left.data, id: '' } },
    { ...right, data: { ...right.data, id: '' } },
  );
});

test('a list through the gateway gives what a list without it gives, page by page', async (t) => {
  const gateway = await startTestGateway(t, { cloud: slow });
  const { through, direct } = await bothClients(gateway);
  const created = await through.create({ clusterId }, allowed);
  await direct.create({ clusterId }, { ...allowed, cidrBlock: '10.20.8.0/22' });
  for (const page of [{}, { limit: 1 }, { limit: 1, offset: 1 }, { limit: 100, offset: 2 }]) {
    const left = seen('getVPCPeerings', await through.list({ clusterId, ...page }));
    const right = seen('getVPCPeerings', await direct.list({ clusterId, ...page }));
    assert.equal(left.status, 200);
    assert.deepEqual(left, right);
  }
  const whole = await through.list({ clusterId });
  assert.equal(whole.data.vpcPeerings[0].id, created.data.id);
  assert.equal(whole.data.count, 2);
});

test("the upstream's own refusal reaches the client as it would without the gateway", async (t) => {
  const gateway = await startTestGateway(t);
  const { through, direct } = await bothClients(gateway);
  const left = seen('getVPCPeerings', await through.list({ clusterId: nowhere }));
  assert.equal(left.status, 404);
  assert.deepEqual(left, seen('getVPCPeerings', await direct.list({ clusterId: nowhere })));
});

test("the gateway's refusals are problems that the client knows from the vendor's document", async (t) => {
  const gateway = await startTestGateway(t);
  const { through } = await bothClients(gateway);
  const denied = seen(
    'createVPCPeerings',
    await through.create({ clusterId }, { ...allowed, region: 'eu-north-1' }),
  );
  assert.equal(denied.status, 403);
  const invalid = seen(
    'createVPCPeerings',
    await through.create({ clusterId }, { ...allowed, cidrBlock: '999.1.1.1/99' }),
  );
  assert.equal(invalid.status, 400);
  const stranger = await clientFor(gateway.url, await gateway.issuer.sign({ exp: 1_000_000_000 }));
  assert.equal(seen('getVPCPeerings', await stranger.list({ clusterId })).status, 401);
  assert.deepEqual(gateway.apiRequests(), []);
  assert.deepEqual(
    gateway.records.map(({ metadata, status_code }) => [metadata.event_code, status_code]),
    [
      ['peering.create.refused', 'policy-denied'],
      ['peering.create.refused', 'request-invalid'],
      ['peering.list.refused', 'token-expired'],
    ],
  );
});

test("the gateway's contract has all that the vendor's document has", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(vendor.root));
  assert.ok(valid, JSON.stringify(errors));
  const contract = await gatewayContract();
  for (const theirs of vendor.operations) {
    const ours = contract.operations.find(({ id }) => id === theirs.id);
    assert.ok(ours, theirs.id);
    assert.deepEqual([ours.method, ours.path], [theirs.method, theirs.path]);
    for (const status of theirs.responses.keys())
      assert.ok(ours.responses.has(status), `${theirs.id} ${status}`);
    for (const { name, in: place, schema, required } of theirs.parameters) {
      const same: Parameter | undefined = ours.parameters.find(
        (parameter) => parameter.name === name && parameter.in === place,
      );
      assert.equal(same?.required, required, name);
      assert.deepEqual({ ...same?.schema, ...schema }, same?.schema, name);
    }
  }
  const { schemas } = contract.root.components;
  const { Create, Peering, Status, Collection, APIError, InvalidField, ...patterns } =
    vendor.root.components.schemas;
  assert.deepEqual(schemas.VPCPeeringCreate.required, Create.required);
  assert.deepEqual(Object.keys(schemas.VPCPeering.properties), Object.keys(Peering.properties));
  assert.deepEqual(schemas.VPCPeeringStatus.enum, Status.enum);
  assert.deepEqual(schemas.VPCPeeringCollection.required, Collection.required);
  assert.deepEqual(schemas.APIError.required, APIError.required);
  assert.deepEqual(schemas.ErrorType.enum, APIError.properties['type']?.enum);
  assert.deepEqual(schemas.InvalidField.properties['type']?.enum, InvalidField.properties['type']?.enum);
  assert.equal(schemas.VpcId.pattern, patterns.VpcId.pattern);
  assert.equal(schemas.AccountId.pattern, patterns.AccountId.pattern);
  assert.equal(schemas.CidrBlock.pattern, patterns.CidrBlock.pattern);
});
