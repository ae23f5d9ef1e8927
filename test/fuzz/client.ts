// Connections that are kept open from case to case where the case allows it. Every wait is bounded, and an answer that is
// not one HTTP/1.1 response with a length is a failure.
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface Exchange {
  readonly writes: readonly Buffer[];
  readonly ending: 'wait' | 'end' | 'destroy';
  /** Methods of the requests that must be answered, in order. */
  readonly methods: readonly string[];
}

/** Longer than any time limit of the gateway. */
const patienceMs = 30_000;

export class Lane {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;
  /** How the connection ended, and how many cases it has served: for whoever looks into a failure. */
  #story = { served: 0, end: '' };

  constructor(port: number) {
    this.#port = port;
  }

  /** The answers, in order. With `wait`: one for each method, or until one of them ended the connection. */
  async run({ writes, ending, methods }: Exchange): Promise<Answer[]> {
    const socket = await this.#connect();
    this.#story.served += 1;
    const answers: Answer[] = [];
    for (const [index, write] of writes.entries()) {
      if (index > 0) await turn();
      socket.write(write);
    }
    if (ending === 'destroy') {
      await turn();
      this.close();
      return answers;
    }
    if (ending === 'end') socket.end();
    await this.#until(() => {
      this.#take(answers, methods);
      return ending === 'wait' && answers.length >= methods.length;
    });
    if (ending === 'end' || this.#ended || endsConnection(answers.at(-1))) this.close();
    else if (this.#received.length > 0)
      throw new Error(`more than was asked for: ${this.#received.toString('latin1', 0, 300)}`);
    return answers;
  }

  get story(): string {
    return `case ${this.#story.served} of its connection, ${this.#story.end || 'open'}`;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = Buffer.alloc(0);
  }

  async #connect(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#ended) return this.#socket;
    this.close();
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#ended = false;
    this.#story = { served: 0, end: '' };
    const current = () => this.#socket === socket;
    socket.on('data', (chunk: Buffer) => {
      if (!current()) return;
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const ended = (event: string) => (error?: NodeJS.ErrnoException | boolean) => {
      if (!current()) return;
      this.#ended = true;
      this.#story.end += ` ${event} ${(error as NodeJS.ErrnoException | undefined)?.code ?? ''}`;
      this.#wake();
    };
    // A reset is an end, too: what has arrived before it counts.
    for (const event of ['end', 'error', 'close']) socket.on(event, ended(event));
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  #until(enough: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        end();
      };
      const timer = setTimeout(() => finish(() => reject(new Error('the connection hangs'))), patienceMs);
      this.#wake = () => {
        try {
          if (enough() || this.#ended) finish(resolve);
        } catch (error) {
          finish(() => reject(error as Error));
        }
      };
      this.#wake();
    });
  }

  #take(answers: Answer[], methods: readonly string[]): void {
    while (this.#received.length > 0) {
      const found = readAnswer(this.#received, methods[answers.length] ?? 'GET');
      if (found === undefined) return;
      this.#received = this.#received.subarray(found.length);
      // "100 Continue" is no answer yet.
      if (found.answer.status >= 200) answers.push(found.answer);
    }
  }
}

export const endsConnection = (answer: Answer | undefined): boolean =>
  answer?.headers.get('connection')?.toLowerCase() === 'close';

/** The response at the start of the bytes, once all of it is there. */
function readAnswer(bytes: Buffer, method: string): { answer: Answer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0);
  if (status === 0) throw new Error(`no status line: ${first}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || headers.has(name))
      throw new Error(`a header line that is none, or a second one: ${line}`);
    headers.set(name, line.slice(colon + 2));
  }
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const given = headers.get('content-length');
  if (!bodiless && (given === undefined || !/^\d+$/.test(given)))
    throw new Error(`an answer ${status} without a length`);
  const length = headEnd + 4 + (bodiless ? 0 : Number(given));
  if (bytes.length < length) return undefined;
  return { answer: { status, headers, text: bytes.toString('utf8', headEnd + 4, length) }, length };
}
