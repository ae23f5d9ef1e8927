// Creates from many callers at once, each for a VPC and a block of its own, for as long as it lasts. Remembers every one of
// them and the answer that it got, if it got one.
import { Agent, request } from 'undici';
import { sandboxClusters } from '../../sandbox/clusters.ts';
import type { TestIssuer } from '../support/issuer.ts';

export interface SentCreate {
  readonly vpcId: string;
  /** `undefined`: no answer came. */
  readonly status: number | undefined;
  /** The id that the answer of a good one gives. */
  readonly resourceId: string | undefined;
}

const callers = 32;
/** Creates in the whole of a test: so many blocks of 16 addresses are in 172.16.0.0/12. */
const maxCreates = 65_536;

export class Load {
  readonly #issuer: TestIssuer;
  readonly #sent: SentCreate[] = [];
  #count = 0;

  constructor(issuer: TestIssuer) {
    this.#issuer = issuer;
  }

  /** Every create so far, whatever came of it. */
  get sent(): readonly SentCreate[] {
    return this.#sent;
  }

  /** Goes on until `stop` is called. */
  async start(port: number): Promise<{ stop(): Promise<void> }> {
    const agent = new Agent({ connections: callers });
    const token = await this.#issuer.sign();
    let stopped = false;
    const call = async (): Promise<void> => {
      while (!stopped) {
        const sent = await this.#create(agent, port, token);
        this.#sent.push(sent);
        // A gateway that is gone refuses at once; nothing but the end of the round is left to wait for.
        if (sent.status !== 201) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const working = Promise.all(Array.from({ length: callers }, call));
    return {
      async stop() {
        stopped = true;
        await working;
        await agent.destroy();
      },
    };
  }

  async #create(agent: Agent, port: number, token: string): Promise<SentCreate> {
    const number = this.#count;
    this.#count += 1;
    if (number >= maxCreates) throw new Error('there are no blocks left: fewer rounds, please');
    const { id } = sandboxClusters[number % sandboxClusters.length] ?? { id: '' };
    const body = {
      vpcId: `vpc-${number.toString(16).padStart(17, '0')}`,
      cidrBlock: blockOf(number),
      accountId: '111122223333',
      region: 'us-east-1',
      isSecureConnection: true,
    };
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      // Some callers name their request, and the gateway names the others.
      ...(number % 3 === 0 ? {} : { 'x-request-id': `order-${number}` }),
    };
    try {
      const url = `http://127.0.0.1:${port}/database/clusters/${id}/vpc-peerings`;
      const content = JSON.stringify(body);
      const answer = await request(url, { method: 'POST', dispatcher: agent, headers, body: content });
      const json = (await answer.body.json()) as { id?: string };
      const resourceId = answer.statusCode === 201 ? json.id : undefined;
      return { vpcId: body.vpcId, status: answer.statusCode, resourceId };
    } catch {
      return { vpcId: body.vpcId, status: undefined, resourceId: undefined };
    }
  }
}

const blockOf = (number: number): string =>
  `172.${16 + (number >> 12)}.${(number >> 4) & 255}.${(number & 15) * 16}/28`;
