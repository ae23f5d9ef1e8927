// Reads how many bytes the kernel still has to send, from /proc (proc(5)). The kernel buffers megabytes for a slow client, so
// only the client's acknowledgements show whether it makes progress.
import { type FileHandle, open } from 'node:fs/promises';
import { type Socket, SocketAddress } from 'node:net';

const files = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** The kernel gives no more at once. */
const pieceBytes = 4096;

/** Unacknowledged bytes by `endsOf`, for sockets that have any. Empty if /proc is not available. */
export type UnacknowledgedBytes = ReadonlyMap<string, number>;

/** Both addresses of a TCP connection: the key of `UnacknowledgedBytes`. */
export const endsOf = (socket: Socket): string =>
  `${withoutZone(socket.localAddress)} ${socket.localPort} ${withoutZone(socket.remoteAddress)} ${socket.remotePort}`;

const withoutZone = (address = ''): string => address.replace(/%.*$/, '');

/** Keeps the kernel's files open: clients that read nothing must be found when they have used up all descriptors, too. */
export class KernelQueue {
  readonly #files = files.map(tryOpen);

  async close(): Promise<void> {
    for (const file of this.#files) await (await file)?.close();
  }

  /** For all connections of a local port. Not at once, since the kernel takes milliseconds for each file. */
  async readUnacknowledged(port: number): Promise<UnacknowledgedBytes> {
    const found = new Map<string, number>();
    const readAll = async (opened: Promise<FileHandle | undefined>, index: number) => {
      const file = await opened;
      if (file !== undefined) await addUnacknowledged(found, file, port);
      else this.#files[index] = tryOpen(files[index] as string);
    };
    await Promise.all(this.#files.map(readAll));
    return found;
  }
}

const tryOpen = (file: string) => open(file).catch(() => undefined);

/** In pieces, since a file has a line for every connection that the network namespace had in the last minute. */
async function addUnacknowledged(found: Map<string, number>, file: FileHandle, port: number): Promise<void> {
  const line = lineOf(port);
  const piece = Buffer.allocUnsafe(pieceBytes);
  let rest = '';
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const text = rest + piece.toString('latin1', 0, bytesRead);
    for (const [, local = '', remote = '', remotePort = '', queue = ''] of text.matchAll(line)) {
      const ends = `${addressOf(local)} ${port} ${addressOf(remote)} ${Number.parseInt(remotePort, 16)}`;
      found.set(ends, Number.parseInt(queue, 16));
    }
    rest = text.slice(text.lastIndexOf('\n') + 1);
  }
}

/** Local address, remote address and port, unacknowledged bytes: all hexadecimal. Only with that local port and any such bytes. */
const lineOf = (port: number): RegExp => {
  const localPort = port.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(
    `^ *\\d+: ([\\dA-F]+):${localPort} ([\\dA-F]+):([\\dA-F]{4}) [\\dA-F]{2} (?!0{8})([\\dA-F]{8}):`,
    'gm',
  );
};

/** The kernel writes 32-bit words in little-endian order. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
