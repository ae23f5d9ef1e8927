// The requests that a measurement sends, made before it begins. Each create goes to the next of many clusters, since a
// gateway may serve the creates of one cluster one by one; tokens are used in turn, or each only once.
import { readFileSync } from 'node:fs';

export interface DeckShape {
  readonly kind: 'create' | 'list';
  /** One token a line. */
  readonly tokenFile: string;
  readonly firstToken: number;
  readonly tokens: number;
  /** No token is sent twice; the deck ends with them. */
  readonly once: boolean;
  /** The body is filled up with spaces, which JSON allows, to this length. */
  readonly bodyBytes?: number;
}

/** More than are ever in flight. */
export const clusters = 1024;

export const clusterId = (index: number): string =>
  `6f0f7c5e-4d7e-4a51-9a2e-${(index % clusters).toString(16).padStart(12, '0')}`;

export const peeringsPath = (index: number): string => `/database/clusters/${clusterId(index)}/vpc-peerings`;

/** Each cluster is peered with a VPC of its own: no VPC can reach two clusters whose blocks overlap. */
const vpcId = (index: number): string =>
  `vpc-0123456789abc${(index % clusters).toString(16).padStart(4, '0')}`;

/** What every good create asks for; every candidate's policy allows it. */
export const goodCreate = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};

export class Deck {
  readonly #requests: readonly Buffer[];
  readonly #once: boolean;
  #next = 0;

  constructor(shape: DeckShape, port: number) {
    const tokens = tokensOf(shape);
    const count = shape.once ? tokens.length : Math.max(tokens.length, clusters);
    this.#once = shape.once;
    this.#requests = Array.from({ length: count }, (_, index) =>
      requestOf(shape, port, index, tokens[index % tokens.length] as string),
    );
  }

  /** `undefined` when every token has been sent. */
  draw(): Buffer | undefined {
    if (this.#next === this.#requests.length) {
      if (this.#once) return undefined;
      this.#next = 0;
    }
    const request = this.#requests[this.#next];
    this.#next += 1;
    return request;
  }
}

function tokensOf({ tokenFile, firstToken, tokens }: DeckShape): string[] {
  const all = readFileSync(tokenFile, 'latin1').trimEnd().split('\n');
  const chosen = all.slice(firstToken, firstToken + tokens);
  if (chosen.length < tokens) throw new Error(`there are only ${all.length} tokens`);
  return chosen;
}

function requestOf(shape: DeckShape, port: number, index: number, token: string): Buffer {
  const target = shape.kind === 'create' ? peeringsPath(index) : `${peeringsPath(index)}?limit=20&offset=0`;
  const head = [
    `${shape.kind === 'create' ? 'POST' : 'GET'} ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    'Accept: application/json',
    'User-Agent: peergate-bench',
  ];
  if (shape.kind === 'list') return Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
  const body = JSON.stringify({ ...goodCreate, vpcId: vpcId(index) }).padEnd(shape.bodyBytes ?? 0, ' ');
  head.push('Content-Type: application/json', `Content-Length: ${body.length}`);
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}
