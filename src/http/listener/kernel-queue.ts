// Reads how many bytes the kernel still has to send, from /proc (proc(5)). The kernel buffers megabytes for a slow client, so
// only the client's acknowledgements show whether it makes progress.
import { readFile } from 'node:fs/promises';
import { type Socket, SocketAddress } from 'node:net';

const files = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** Local address, remote address, state, unacknowledged bytes: all hexadecimal. */
const line = /^ *\d+: ([\dA-F]+):([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):/gm;

/** Unacknowledged bytes by `endsOf`, for sockets that have any. Empty if /proc is not available. */
export type UnacknowledgedBytes = ReadonlyMap<string, number>;

/** Both addresses of a TCP connection: the key of `UnacknowledgedBytes`. */
export const endsOf = (socket: Socket): string =>
  `${withoutZone(socket.localAddress)} ${socket.localPort} ${withoutZone(socket.remoteAddress)} ${socket.remotePort}`;

const withoutZone = (address = ''): string => address.replace(/%.*$/, '');

/** For all connections of a local port. Not at once: the kernel takes milliseconds for each file, however few connections there are. */
export async function readUnacknowledged(port: number): Promise<UnacknowledgedBytes> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  const found = new Map<string, number>();
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const [, local = '', localPort, remote = '', remotePort = '', queue = ''] of texts
    .join('')
    .matchAll(line)) {
    const bytes = Number.parseInt(queue, 16);
    if (localPort !== wanted || bytes === 0) continue;
    found.set(`${addressOf(local)} ${port} ${addressOf(remote)} ${Number.parseInt(remotePort, 16)}`, bytes);
  }
  return found;
}

/** The kernel writes 32-bit words in little-endian order. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
