// One connection of the load generator: sends prepared bytes and says when the whole answer is there. Makes nothing of
// the answer but its status, so that the generator costs as little as a program in this language can.
import { connect, type Socket } from 'node:net';
import { ResponseReader } from './response-reader.ts';

const readBytes = 64 * 1024;

export class Connection {
  /** Called with the status of each answer. */
  answered: (status: number) => void = () => undefined;
  /** Called when the connection ends or what comes is no answer, unless `close` was called. */
  lost: (error: Error) => void = () => undefined;
  readonly #reader = new ResponseReader();
  readonly #socket: Socket;

  private constructor(port: number, opened: (connection: Connection) => void) {
    const read = (length: number, buffer: Uint8Array) => this.#read(length, buffer as Buffer);
    this.#socket = connect({
      ...{ host: '127.0.0.1', port, noDelay: true },
      onread: { buffer: Buffer.allocUnsafeSlow(readBytes), callback: read },
    });
    this.#socket.once('connect', () => opened(this));
    this.#socket.once('error', (error) => this.lost(error));
    this.#socket.once('close', () => this.lost(new Error('the connection was closed')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(port, resolve);
      connection.lost = reject;
    });
  }

  static openAll(port: number, count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  }

  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.lost = () => undefined;
    this.#socket.destroy();
  }

  #read(length: number, buffer: Buffer): boolean {
    try {
      const status = this.#reader.push(buffer, length);
      if (status !== 0) this.answered(status);
    } catch (error) {
      this.lost(error as Error);
    }
    return true;
  }
}
