// The gateway as a child process with an environment of its own: nothing of this process's settings gets in. Once
// `stop` has resolved the process is gone, however little it cooperated.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GatewayOutput } from './gateway-output.ts';
import { numberOf, parseJson, textOf } from './read-json.ts';

export interface GatewayProcessOptions {
  readonly settings: Readonly<Record<string, string>>;
  readonly output: GatewayOutput;
  /** What Node runs, from the project's root. */
  readonly command?: readonly string[];
  /** From SIGTERM to SIGKILL. */
  readonly patienceMs?: number;
}

export interface GatewayPorts {
  readonly port: number;
  readonly adminPort: number;
}

export class GatewayProcess {
  readonly child: ChildProcess;
  readonly #patienceMs: number;
  readonly #output: GatewayOutput;
  #stderr = '';
  /** Resolves when the process is gone and everything that it wrote has been read: says how it ended. */
  readonly ended: Promise<string>;

  constructor(options: GatewayProcessOptions) {
    this.#patienceMs = options.patienceMs ?? 5_000;
    this.#output = options.output;
    const child = spawn(process.execPath, options.command ?? ['src/main.ts', 'serve'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...inherited(), ...options.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, or else Ctrl-C in a terminal would reach it before us and cut the order of stopping.
      detached: process.platform !== 'win32',
    });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => options.output.accept(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrMax);
    });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('close', (code, signal) => {
        resolve(signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
      });
    });
  }

  /** What it wrote to stderr in the end, or, when it wrote nothing there, its last log lines. */
  get lastWords(): readonly string[] {
    const lines = this.#stderr.split('\n').filter((line) => line.trim() !== '');
    return (lines.length > 0 ? lines : this.#output.logs).slice(-linesMax);
  }

  /** Resolves when the listeners are open. Rejects when the process ends before, or after `timeoutMs`. */
  async listening(timeoutMs: number): Promise<GatewayPorts> {
    const gone = new AbortController();
    this.ended.then(() => gone.abort());
    const ports = await this.#output.find(() => readPorts(this.#output.logs), timeoutMs, gone.signal);
    if (ports !== undefined) return ports;
    if (gone.signal.aborted) throw new Error(`the gateway ${await this.ended}`);
    throw new Error(`the gateway opened no listener after ${timeoutMs / 1_000} s`);
  }

  /** SIGTERM, and SIGKILL for a process that is still there after its time. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.kill(), this.#patienceMs);
    this.child.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  /** At once and without a word to it; for when there is no time to wait. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}

const stderrMax = 65_536;
const linesMax = 40;

/** What any program needs to run at all. A setting of the gateway in our environment must not reach the demo's. */
function inherited(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'SystemRoot', 'TEMP'];
  return Object.fromEntries(
    names.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
}

function readPorts(logs: readonly string[]): GatewayPorts | undefined {
  for (const line of logs) {
    const entry = parseJson(line);
    const port = numberOf(entry, 'port');
    const adminPort = numberOf(entry, 'adminPort');
    if (textOf(entry, 'msg') === 'listening' && port !== undefined && adminPort !== undefined) {
      return { port, adminPort };
    }
  }
  return undefined;
}
