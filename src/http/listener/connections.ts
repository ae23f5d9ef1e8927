// Bounds what a listener keeps for its clients: connections and bytes per address, and the time for which a response waits to
// be read. The address of a trusted proxy stands for many clients and is exempt from the bounds per address.
import type { RequestListener, Server } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { withTimeout } from '../../async/with-timeout.ts';
import type { Logger } from '../../logging/logger.ts';
import { addressKey, addressOf } from '../middleware/client-address.ts';
import { type Address, type CloseReason, Connection, connectionOf } from './connection.ts';
import { endsOf, KernelQueue, type UnacknowledgedBytes } from './kernel-queue.ts';

/** Per address. */
const maxConnections = 256;
/** Per address: bytes of unread responses and of waiting requests. */
const maxKeptBytes = 16 * 1024 * 1024;
/** Adding up the bytes of all connections for each request that waits would take most of the time of a flood. */
const maxGrownBytes = 64 * 1024;
const checkEveryMs = 1000;
/** Bound on the time to ask the kernel: the file system may hang on something else. */
const kernelMs = 500;

export interface ConnectionServices {
  /** Addresses and CIDRs of trusted proxies. */
  readonly trustProxy?: readonly string[];
  readonly logger?: Logger;
  /** Called for each connection that the gateway closes. */
  readonly closed?: (reason: CloseReason) => void;
}

export class Connections {
  readonly #handler: RequestListener;
  readonly #services: ConnectionServices;
  readonly #proxies: BlockList;
  readonly #addresses = new Map<string, Address>();
  #kernel: KernelQueue | undefined;
  #isAsking = false;

  constructor(handler: RequestListener, services: ConnectionServices) {
    this.#handler = handler;
    this.#services = services;
    this.#proxies = blockListOf(services.trustProxy ?? []);
  }

  attach(server: Server): void {
    server.on('connection', (socket: Socket) => this.#opened(socket));
    server.on('secureConnection', (stream: Socket) => this.#secured(stream));
    let timer: NodeJS.Timeout | undefined;
    server.on('listening', () => {
      this.#kernel = new KernelQueue();
      timer = setInterval(() => void this.#check(), checkEveryMs).unref();
    });
    server.on('close', () => {
      clearInterval(timer);
      void this.#kernel?.close();
    });
  }

  /** The server's request listener. */
  readonly serve: RequestListener = (request, response) => {
    const connection = connectionOf(request.socket);
    if (connection === undefined) {
      // The client disconnected during the handshake.
      request.socket.destroy();
      return;
    }
    request.url = originForm(request.url ?? '');
    connection.serve(request, response);
  };

  /** Called when what waits on the connection has grown. */
  readonly #grown = (connection: Connection): void => {
    const { address } = connection;
    address.grownBytes += connection.takeGrowth();
    if (connection.isOverfull) this.#close(connection, 'pipelined');
    else if (address.grownBytes > maxGrownBytes) this.#boundBytes(address);
  };

  /** Called every second. */
  async #check(): Promise<void> {
    const unacknowledged = await this.#unacknowledged();
    for (const address of this.#addresses.values()) {
      for (const connection of address.connections) {
        const reason = connection.check(
          unacknowledged && (unacknowledged.get(endsOf(connection.socket)) ?? 0),
        );
        if (reason !== undefined) this.#close(connection, reason);
      }
      this.#boundBytes(address);
    }
  }

  /**
   * Reads /proc only if a client may not read. All connections of a listener have its port. `undefined` if it was not read, or
   * not in time.
   */
  async #unacknowledged(): Promise<UnacknowledgedBytes | undefined> {
    let port: number | undefined;
    for (const { connections } of this.#addresses.values())
      for (const connection of connections) {
        connection.noteSent();
        if (connection.mayBeUnread) port ??= connection.socket.localPort;
      }
    if (port === undefined || this.#kernel === undefined || this.#isAsking) return undefined;
    this.#isAsking = true;
    const asked = this.#kernel.readUnacknowledged(port).finally(() => {
      this.#isAsking = false;
    });
    // The server may have closed its files meanwhile.
    return await withTimeout(kernelMs, asked).catch(() => undefined);
  }

  /** Closes the connections that exceed the bound together with older ones. */
  #boundBytes(address: Address): void {
    address.grownBytes = 0;
    if (address.trusted) return;
    let kept = 0;
    for (const connection of address.connections) {
      const { keptBytes } = connection;
      if (kept + keptBytes > maxKeptBytes) this.#close(connection, 'address-bytes');
      else kept += keptBytes;
    }
  }

  #opened(socket: Socket): void {
    const remote = addressOf(socket);
    const key = addressKey(remote);
    const trusted = this.#proxies.check(remote, isIP(remote) === 6 ? 'ipv6' : 'ipv4');
    const address = this.#addresses.get(key) ?? {
      ...{ key, trusted, grownBytes: 0 },
      connections: new Set(),
    };
    const connection = new Connection(socket, address, { handler: this.#handler, grown: this.#grown });
    if (address.connections.size >= maxConnections && !trusted) {
      this.#close(connection, 'address-connections');
      return;
    }
    this.#addresses.set(key, address);
    address.connections.add(connection);
    socket.once('close', () => {
      address.connections.delete(connection);
      if (address.connections.size === 0) this.#addresses.delete(key);
    });
  }

  /** After the TLS handshake, HTTP uses another stream with the same addresses. */
  #secured(stream: Socket): void {
    const address = this.#addresses.get(addressKey(addressOf(stream)));
    for (const connection of address?.connections ?? [])
      if (haveSameEnds(connection.socket, stream)) connection.speakOn(stream);
  }

  /** Resets the connection: otherwise the kernel would keep the unread bytes and try to send them for minutes. */
  #close(connection: Connection, reason: CloseReason): void {
    const { socket, address } = connection;
    if (socket.destroyed) return;
    ignoreRequests(connection.stream);
    socket.resetAndDestroy();
    this.#services.closed?.(reason);
    this.#services.logger?.info({ clientAddress: address.key, reason }, 'closed a connection');
  }
}

/** What Node's server calls for each request that it has parsed; not documented. */
type ParsingSocket = Socket & { parser?: { onIncoming?: () => number } | null };

/**
 * Node parses all that it has read, though the connection is gone: from 64 KB, thousands of requests, which it keeps until the
 * next round of its event loop. From now on they are nothing.
 */
function ignoreRequests({ parser }: ParsingSocket): void {
  if (parser) parser.onIncoming = () => 0;
}

const haveSameEnds = (one: Socket, other: Socket): boolean =>
  one.remotePort === other.remotePort &&
  one.remoteAddress === other.remoteAddress &&
  one.localAddress === other.localAddress;

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** RFC 9112 section 3.2.2: a server must accept the absolute form. */
const absoluteForm = /^https?:\/\/[^/?#]*/i;

/**
 * Any request target in origin form (RFC 9112 section 3.2): Express answers requests whose target it cannot parse by itself. A
 * target without a path becomes an unknown route. A target must not contain `#`; encoded, it matches no route and no parameter.
 */
function originForm(target: string): string {
  const path = target.replace(absoluteForm, '').replaceAll('#', '%23');
  return path.startsWith('/') ? path : `/${path}`;
}
