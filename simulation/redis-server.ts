// The simulated Redis: the commands and scripts that the gateway uses, a clock of its own, and the faults that a Redis has. A
// failover can lose the last writes that were acknowledged.
import { createHash } from 'node:crypto';
import { compileLua, type LuaScript, type LuaValue } from './lua.ts';
import type { Random } from './random.ts';
import { ErrorReply, RedisLink } from './redis-link.ts';
import type { Schedule } from './schedule.ts';
import type { SimulatedProcess } from './simulated-process.ts';

type Stored = string | Map<string, string>;

interface Entry {
  readonly value: Stored;
  /** By the clock of Redis. */
  readonly expiresAt: number;
}

interface Write {
  readonly at: number;
  readonly key: string;
  readonly before: Entry | undefined;
}

export type RedisTrouble = 'down' | 'hanging' | 'loading' | 'readonly';

const connectTimeoutMs = 1500;
const readOnlyReply = "READONLY You can't write against a read only replica.";
const scripts = new Map<string, LuaScript>();

export class RedisServer {
  readonly #schedule: Schedule;
  readonly #random: Random;
  /** Its clock against that of the world. */
  readonly #offset: number;
  readonly #data = new Map<string, Entry>();
  readonly #loaded = new Map<string, string>();
  readonly #links = new Set<RedisLink>();
  #writes: Write[] = [];
  /** Counts failovers: a link of an earlier term leads to a server that is a replica now. */
  #term = 0;
  #trouble: RedisTrouble | undefined;
  #slowUntil = 0;
  /** Replies that are lost, with their connection, after the command was carried out. */
  repliesToLose = 0;
  /** When something last kept it from working as it should, in the time of the world. */
  lastTroubleAt = Number.NEGATIVE_INFINITY;
  /** Keys of which a failover lost a write. */
  readonly lostKeys = new Set<string>();

  constructor(schedule: Schedule, random: Random) {
    this.#schedule = schedule;
    this.#random = random;
    this.#offset = 1_700_000_000_000 + random.between(-86_400_000, 86_400_000);
  }

  latency(): number {
    const slow = this.#schedule.now < this.#slowUntil ? this.#random.between(0, 900) : 0;
    return slow + this.#random.latency(2, 40);
  }

  connect(owner: SimulatedProcess, onError: (error: unknown) => void): Promise<RedisLink> {
    return new Promise((resolve, reject) => {
      const isHanging = this.#trouble === 'hanging';
      this.#schedule.later(owner, isHanging ? connectTimeoutMs : this.latency(), 'redis connects', () => {
        if (this.#trouble === 'down' || this.#trouble === 'hanging') {
          const code = this.#trouble === 'down' ? 'ECONNREFUSED' : 'ETIMEDOUT';
          reject(Object.assign(new Error(code), { code }));
          return;
        }
        const link = new RedisLink(owner, this, this.#term, onError);
        this.#links.add(link);
        resolve(link);
      });
    });
  }

  /** For as long as `trouble` lasts; `undefined` ends it. */
  suffer(trouble: RedisTrouble | undefined): void {
    this.lastTroubleAt = this.#schedule.now;
    this.#trouble = trouble;
    if (trouble === 'down') this.#breakLinks();
  }

  beSlow(forMs: number): void {
    this.lastTroubleAt = this.#schedule.now + forMs;
    this.#slowUntil = this.#schedule.now + forMs;
  }

  loseReplies(count: number): void {
    this.lastTroubleAt = this.#schedule.now;
    this.repliesToLose = count;
  }

  /** A replica takes over, without the writes of the last `lostMs`. Connections break, or lead to what is a replica now. */
  failOver(lostMs: number, breaksLinks: boolean): void {
    this.lastTroubleAt = this.#schedule.now;
    const since = this.#schedule.now - lostMs;
    for (
      let write = this.#writes.at(-1);
      write !== undefined && write.at > since;
      write = this.#writes.at(-1)
    ) {
      this.#writes.pop();
      this.lostKeys.add(write.key);
      if (write.before === undefined) this.#data.delete(write.key);
      else this.#data.set(write.key, write.before);
    }
    this.#term += 1;
    this.#loaded.clear();
    if (breaksLinks) this.#breakLinks();
  }

  /** The keys that are there now. */
  keys(): string[] {
    return [...this.#data.keys()].filter((key) => this.#get(key) !== undefined);
  }

  /** A field of a hash, as an operator would look it up. */
  fieldOf(key: string, field: string): string | undefined {
    const value = this.#get(key)?.value;
    return value instanceof Map ? value.get(field) : undefined;
  }

  /** Milliseconds since the epoch. */
  get time(): number {
    return Math.floor(this.#offset + this.#schedule.now);
  }

  execute(link: RedisLink, words: readonly string[]): { readonly reply: unknown } | undefined {
    if (this.#trouble === 'hanging' || this.#trouble === 'down') return undefined;
    if (this.#trouble === 'loading') throw new ErrorReply('LOADING Redis is loading the dataset in memory');
    const isReplica = this.#trouble === 'readonly' || link.term !== this.#term;
    if (isReplica) this.lastTroubleAt = this.#schedule.now;
    const reply = this.#reply(words, isReplica);
    if (this.repliesToLose > 0) {
      this.repliesToLose -= 1;
      this.lastTroubleAt = this.#schedule.now;
      link.break();
      return undefined;
    }
    return { reply };
  }

  #reply([command = '', ...words]: readonly string[], isReplica: boolean): unknown {
    switch (command) {
      case 'EVAL':
        return this.#evaluate(words[0] ?? '', words.slice(1), isReplica);
      case 'EVALSHA': {
        const script = this.#loaded.get(words[0] ?? '');
        if (script === undefined) throw new ErrorReply('NOSCRIPT No matching script. Please use EVAL.');
        return this.#evaluate(script, words.slice(1), isReplica);
      }
      case 'SCRIPT': {
        const name = createHash('sha1')
          .update(words[1] ?? '')
          .digest('hex');
        this.#loaded.set(name, words[1] ?? '');
        return name;
      }
      default:
        return toReply(this.#call(isReplica, command, words));
    }
  }

  #evaluate(text: string, [count = '0', ...words]: readonly string[], isReplica: boolean): unknown {
    const script = scripts.get(text) ?? compileLua(text);
    scripts.set(text, script);
    const keys = words.slice(0, Number(count));
    try {
      return toReply(
        script({
          KEYS: keys,
          ARGV: words.slice(Number(count)),
          'redis.call': (command, ...values) => this.#call(isReplica, String(command), values.map(String)),
          'math.floor': (value) => Math.floor(Number(value)),
          tonumber: (value) => (value === undefined || value === false ? undefined : Number(value)),
        }),
      );
    } catch (error) {
      if (error instanceof ErrorReply) throw error;
      throw new ErrorReply((error as Error).message);
    }
  }

  #call(isReplica: boolean, command: string, words: readonly string[]): LuaValue {
    const [key = '', ...values] = words;
    const writes = ['SET', 'DEL', 'INCR', 'HSET', 'PEXPIRE'].includes(command.toUpperCase());
    if (writes && isReplica) throw new ErrorReply(readOnlyReply);
    switch (command.toUpperCase()) {
      case 'SET':
        return this.#set(key, values);
      case 'GET':
        return this.#text(key) ?? false;
      case 'DEL':
        return this.#put(key, undefined) ? 1 : 0;
      case 'INCR': {
        const count = String(Number(this.#text(key) ?? '0') + 1);
        this.#put(key, { value: count, expiresAt: this.#get(key)?.expiresAt ?? Number.POSITIVE_INFINITY });
        return Number(count);
      }
      case 'TIME':
        return [String(Math.floor(this.time / 1000)), String((this.time % 1000) * 1000)];
      case 'PTTL': {
        const { expiresAt } = this.#get(key) ?? {};
        if (expiresAt === undefined) return -2;
        return Number.isFinite(expiresAt) ? expiresAt - this.time : -1;
      }
      case 'PEXPIRE': {
        const entry = this.#get(key);
        if (entry === undefined) return 0;
        this.#put(key, { ...entry, expiresAt: this.time + Number(values[0]) });
        return 1;
      }
      default:
        return this.#callOnHash(command.toUpperCase(), key, values);
    }
  }

  #callOnHash(command: string, key: string, values: readonly string[]): LuaValue {
    const entry = this.#get(key);
    const hash = entry?.value ?? new Map<string, string>();
    if (typeof hash === 'string') throw new ErrorReply('WRONGTYPE Operation against a key');
    if (command === 'HGET') return hash.get(values[0] ?? '') ?? false;
    if (command === 'HMGET') return values.map((field) => hash.get(field) ?? false);
    if (command !== 'HSET') throw new ErrorReply(`ERR unknown command '${command}'`);
    const changed = new Map(hash);
    for (let at = 0; at < values.length; at += 2) changed.set(values[at] ?? '', values[at + 1] ?? '');
    this.#put(key, { value: changed, expiresAt: entry?.expiresAt ?? Number.POSITIVE_INFINITY });
    return values.length / 2;
  }

  #set(key: string, [value = '', ...options]: readonly string[]): LuaValue {
    const names = options.map((option) => option.toUpperCase());
    if (names.includes('NX') && this.#get(key) !== undefined) return false;
    const at = names.indexOf('PX');
    const expiresAt = at < 0 ? Number.POSITIVE_INFINITY : this.time + Number(options[at + 1]);
    this.#put(key, { value, expiresAt });
    return 'OK';
  }

  #text(key: string): string | undefined {
    const value = this.#get(key)?.value;
    if (value instanceof Map) throw new ErrorReply('WRONGTYPE Operation against a key');
    return value;
  }

  #get(key: string): Entry | undefined {
    const entry = this.#data.get(key);
    if (entry === undefined || entry.expiresAt > this.time) return entry;
    this.#data.delete(key);
    return undefined;
  }

  /** Was there something before? */
  #put(key: string, entry: Entry | undefined): boolean {
    const before = this.#get(key);
    this.#writes.push({ at: this.#schedule.now, key, before });
    if (entry === undefined) this.#data.delete(key);
    else this.#data.set(key, entry);
    return before !== undefined;
  }

  #breakLinks(): void {
    for (const link of this.#links) link.break();
    this.#links.clear();
  }
}

/** As Redis makes replies of Lua's values. */
function toReply(value: LuaValue): unknown {
  if (value === undefined || value === false) return null;
  if (value === true) return 1;
  if (typeof value === 'number') return Math.trunc(value);
  if (!Array.isArray(value)) return value;
  const end = value.indexOf(undefined);
  return (end < 0 ? value : value.slice(0, end)).map(toReply);
}
