// What the stand-in of Aerospike Cloud answers: bodies of the vendor's shape, made once, so that an answer costs a
// write and nothing else. Counts what it was asked, since candidates differ in that.
import { renderCluster } from '../../sandbox/clusters.ts';
import { clusterId } from '../load/deck.ts';
import type { ReadRequest } from './request-reader.ts';

export interface Counts {
  create: number;
  list: number;
  cluster: number;
  /** Pages of the list of clusters. */
  clusters: number;
  token: number;
  /** Without the service credential, or with anything of the caller's. */
  refused: number;
}

export const noCounts = (): Counts => ({ create: 0, list: 0, cluster: 0, clusters: 0, token: 0, refused: 0 });

const peering = (number: number, block: string, status: string) => ({
  id: `a81069fa-864e-4369-b639-723d3931ba7${number}`,
  accountId: '111122223333',
  vpcId: `vpc-0fedcba987654321${number}`,
  region: 'us-east-1',
  cidrBlock: block,
  peeringId: `pcx-0fedcba987654321${number}`,
  status,
  isSecureConnection: true,
});

const listedClusters = 20;

const cluster = (index: number) =>
  renderCluster({
    ...{ id: clusterId(index), name: `bench-${index}` },
    ...{ cidrBlock: '10.128.0.0/19', networkId: 'vpc-0a1b2c3d4e5f60718' },
  });

function answer(status: string, body: object): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    [
      `HTTP/1.1 ${status}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(text)}`,
      'X-Request-Id: 8259b40f-2273-4e23-a500-e3541b48871b',
      '',
      text,
    ].join('\r\n'),
  );
}

const answers = {
  create: answer('201 Created', peering(1, '10.20.4.0/22', 'initiating-request')),
  list: answer('200 OK', {
    count: 2,
    meta: { total: 2, limit: 100, offset: 0 },
    vpcPeerings: [peering(2, '10.40.0.0/22', 'active'), peering(3, '10.41.0.0/22', 'active')],
  }),
  cluster: answer('200 OK', cluster(0)),
  // One page: as many clusters as a company has, not as many as the load uses.
  clusters: answer('200 OK', {
    count: listedClusters,
    meta: { total: listedClusters, limit: 25, offset: 0 },
    clusters: Array.from({ length: listedClusters }, (_, index) => cluster(index)),
  }),
  refused: answer('401 Unauthorized', {
    type: 'urn:aerospike:errors:auth:unauthorized',
    title: 'Unauthorized',
    status: 401,
  }),
};

const clusters = /^\/database\/clusters(?:\?|$)/;
const peerings = /^\/database\/clusters\/[0-9a-f-]{36}\/vpc-peerings(?:\?|$)/;

export class CloudAnswers {
  counts = noCounts();
  readonly #serviceToken: string;
  readonly #token: Buffer;
  readonly #checked: boolean;

  /** `checked`: what does not carry the service token is refused. */
  constructor(serviceToken: string, checked: boolean) {
    this.#serviceToken = ` Bearer ${serviceToken}\r\n`;
    this.#checked = checked;
    this.#token = answer('200 OK', {
      access_token: serviceToken,
      token_type: 'Bearer',
      expires_in: 28_800,
    });
  }

  answerTo(request: ReadRequest): Buffer {
    const kind = this.#kindOf(request);
    this.counts[kind] += 1;
    return kind === 'token' ? this.#token : answers[kind];
  }

  #kindOf({ method, target, head }: ReadRequest): keyof Counts {
    if (target === '/oauth/token') return 'token';
    if (this.#checked && !`${head}\r\n`.includes(this.#serviceToken)) return 'refused';
    if (clusters.test(target)) return 'clusters';
    if (!peerings.test(target)) return 'cluster';
    return method === 'POST' ? 'create' : 'list';
  }
}
