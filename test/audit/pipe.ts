// A real pipe of this machine with both ends in this process. Its reader reads only when it is told to, can go away, and
// can be followed by another one.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface PipeReader {
  /** Whole lines read so far, without their newlines. */
  readonly lines: string[];
  /** Begins to read, or goes on; nothing leaves the pipe before. */
  start(): void;
  /** Stands still, so that the pipe fills up. */
  stop(): void;
  /** Goes away; whoever writes then gets EPIPE. */
  close(): Promise<void>;
}

export interface Pipe {
  /** The writing end, as a process gets it for its standard output: a write that finds the pipe full blocks. */
  readonly fd: number;
  /** There is one from the beginning, at a standstill. */
  readonly reader: PipeReader;
  openReader(): PipeReader;
}

export function openPipe(test: TestContext): Pipe {
  const folder = mkdtempSync(join(tmpdir(), 'peergate-test-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const readers: PipeReader[] = [];
  const openReader = () => {
    // Without O_NONBLOCK the reader would wait for a writer, and the writer for a reader.
    const reader = readerOf(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    readers.push(reader);
    return reader;
  };
  const reader = openReader();
  const fd = openSync(path, 'w');
  test.after(async () => {
    await Promise.all(readers.map((each) => each.close()));
    rmSync(folder, { recursive: true });
  });
  return { fd, reader, openReader };
}

function readerOf(fd: number): PipeReader {
  const lines: string[] = [];
  let rest = '';
  let socket: Socket | undefined;
  let closed: Promise<void> | undefined;
  const take = (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  };
  return {
    lines,
    // A stream would read ahead: until the start there is none.
    start() {
      socket ??= new Socket({ fd, readable: true, writable: false }).setEncoding('utf8').on('data', take);
      socket.resume();
    },
    stop: () => void socket?.pause(),
    close() {
      closed ??= close(socket, fd);
      return closed;
    },
  };
}

async function close(socket: Socket | undefined, fd: number): Promise<void> {
  if (socket === undefined) closeSync(fd);
  else await once(socket.destroy(), 'close');
}
