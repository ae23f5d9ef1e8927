// A real pipe of this machine with both ends in this process. Its reader reads only when it is told to, can go away, and
// can be followed by another one.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';

export interface PipeReader {
  /** Whole lines read so far, without their newlines. */
  readonly lines: string[];
  /** Begins to read, or goes on; nothing leaves the pipe before. */
  start(): void;
  /** Reads so many bytes in a second, until it is told to start. Only for one that has not started yet. */
  crawl(bytesPerSecond: number): void;
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
  const folder = temporaryFolder();
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
  });
  return { fd, reader, openReader };
}

function readerOf(fd: number): PipeReader {
  const lines: string[] = [];
  let rest = '';
  let socket: Socket | undefined;
  let crawling: NodeJS.Timeout | undefined;
  let closed: Promise<void> | undefined;
  const decoder = new StringDecoder('utf8');
  const take = (bytes: Buffer) => {
    const parts = (rest + decoder.write(bytes)).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  };
  return {
    lines,
    // A stream would read ahead: until the start there is none.
    start() {
      clearInterval(crawling);
      socket ??= new Socket({ fd, readable: true, writable: false }).on('data', take);
      socket.resume();
    },
    crawl(bytesPerSecond) {
      const buffer = Buffer.alloc(bytesPerSecond / 100);
      crawling = setInterval(() => take(buffer.subarray(0, readNow(fd, buffer))), 10);
    },
    stop: () => void socket?.pause(),
    close() {
      clearInterval(crawling);
      closed ??= close(socket, fd);
      return closed;
    },
  };
}

/** How many bytes there were. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

async function close(socket: Socket | undefined, fd: number): Promise<void> {
  if (socket === undefined) closeSync(fd);
  else await once(socket.destroy(), 'close');
}
