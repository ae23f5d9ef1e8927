// Runs the scripts that the gateway gives to Redis: the part of Lua 5.1 that they use, and nothing else. A script that uses more
// is an error, not a guess.

/** `undefined` is nil. Tables are lists, counted from 1. */
export type LuaValue = string | number | boolean | undefined | LuaValue[] | LuaFunction;
type LuaFunction = (...values: LuaValue[]) => LuaValue;

type Scope = Map<string, LuaValue>;
type Expression = (scope: Scope) => LuaValue;
/** A list with the returned value when the script returns. */
type Statement = (scope: Scope) => [LuaValue] | undefined;

/** `scope`: the global names. */
export type LuaScript = (globals: Readonly<Record<string, LuaValue>>) => LuaValue;

const token =
  /\s*(?:(--[^\n]*)|([A-Za-z_][\w.]*)|(\d+)|'([^']*)'|"([^"]*)"|(==|~=|<=|>=|[-+*/<>=(){},[\]]))/y;

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'sign';
  readonly text: string;
}

export function compileLua(text: string): LuaScript {
  const parser = new Parser(tokensOf(text));
  const body = parser.block();
  return (globals) => run(body, new Map(Object.entries(globals)))?.[0];
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const at = token.lastIndex;
    const [found, comment, name, number, single, double, sign] = token.exec(text) ?? [];
    if (found === undefined) throw new Error(`ERR the script cannot be read at ${text.slice(at, at + 20)}`);
    if (comment !== undefined) continue;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'string', text: single ?? double ?? '' });
  }
  return tokens;
}

function run(statements: readonly Statement[], scope: Scope): [LuaValue] | undefined {
  for (const statement of statements) {
    const returned = statement(scope);
    if (returned !== undefined) return returned;
  }
  return undefined;
}

const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false;

function numberOf(value: LuaValue): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number))
    throw new Error('ERR attempt to compute with no number');
  return number;
}

function compared(one: LuaValue, other: LuaValue): number {
  if (typeof one !== 'number' || typeof other !== 'number')
    throw new Error('ERR attempt to compare no numbers');
  return one - other;
}

const operators: Readonly<Record<string, (one: LuaValue, other: LuaValue) => LuaValue>> = {
  '+': (one, other) => numberOf(one) + numberOf(other),
  '-': (one, other) => numberOf(one) - numberOf(other),
  '*': (one, other) => numberOf(one) * numberOf(other),
  '/': (one, other) => numberOf(one) / numberOf(other),
  '==': (one, other) => one === other,
  '~=': (one, other) => one !== other,
  '<': (one, other) => compared(one, other) < 0,
  '>': (one, other) => compared(one, other) > 0,
  '<=': (one, other) => compared(one, other) <= 0,
  '>=': (one, other) => compared(one, other) >= 0,
};

/** From those that bind least to those that bind most. */
const levels = [['or'], ['and'], ['==', '~=', '<', '>', '<=', '>='], ['+', '-'], ['*', '/']];

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Up to `end`, `else`, `elseif` or the end of the text. */
  block(): Statement[] {
    const statements: Statement[] = [];
    while (this.#at < this.#tokens.length && !this.#sees('end', 'else', 'elseif'))
      statements.push(this.#statement());
    return statements;
  }

  #statement(): Statement {
    if (this.#takes('return')) return this.#return();
    if (this.#takes('if')) return this.#if();
    if (this.#takes('local')) return this.#takes('function') ? this.#function() : this.#local();
    const call = this.#expression();
    return (scope) => void call(scope);
  }

  #return(): Statement {
    const value = this.#expression();
    return (scope) => [value(scope)];
  }

  #if(): Statement {
    const condition = this.#expression();
    this.#expect('then');
    const then = this.block();
    let otherwise: Statement[] = [];
    if (this.#takes('elseif')) otherwise = [this.#if()];
    else {
      if (this.#takes('else')) otherwise = this.block();
      this.#expect('end');
    }
    return (scope) => run(isTrue(condition(scope)) ? then : otherwise, scope);
  }

  #local(): Statement {
    const name = this.#name();
    this.#expect('=');
    const value = this.#expression();
    return (scope) => void scope.set(name, value(scope));
  }

  #function(): Statement {
    const name = this.#name();
    this.#expect('(');
    const parameters: string[] = [];
    while (!this.#takes(')')) {
      parameters.push(this.#name());
      this.#takes(',');
    }
    const body = this.block();
    this.#expect('end');
    return (scope) =>
      void scope.set(name, (...values: LuaValue[]) => {
        const inner = new Map(scope);
        for (const [index, parameter] of parameters.entries()) inner.set(parameter, values[index]);
        return run(body, inner)?.[0];
      });
  }

  #expression(level = 0): Expression {
    const signs = levels[level];
    if (signs === undefined) return this.#unary();
    let left = this.#expression(level + 1);
    for (;;) {
      const sign = signs.find((candidate) => this.#takes(candidate));
      if (sign === undefined) return left;
      left = binary(sign, left, this.#expression(level + 1));
    }
  }

  #unary(): Expression {
    if (this.#takes('not')) {
      const value = this.#unary();
      return (scope) => !isTrue(value(scope));
    }
    return this.#suffixed();
  }

  #suffixed(): Expression {
    let value = this.#primary();
    for (;;) {
      if (this.#takes('[')) {
        value = indexed(value, this.#expression());
        this.#expect(']');
      } else if (this.#takes('(')) value = called(value, this.#list(')'));
      else return value;
    }
  }

  #primary(): Expression {
    if (this.#takes('{')) {
      const values = this.#list('}');
      return (scope) => values.map((value) => value(scope));
    }
    if (this.#takes('(')) {
      const value = this.#expression();
      this.#expect(')');
      return value;
    }
    const { kind, text } = this.#next();
    if (kind === 'string') return () => text;
    if (kind === 'number') return () => Number(text);
    if (kind === 'sign') throw new Error(`ERR the script has ${text} where a value should be`);
    if (text === 'nil') return () => undefined;
    if (text === 'true' || text === 'false') return () => text === 'true';
    return (scope) => {
      if (!scope.has(text)) throw new Error(`ERR the script uses ${text}, which is not there`);
      return scope.get(text);
    };
  }

  #list(end: string): Expression[] {
    const values: Expression[] = [];
    while (!this.#takes(end)) {
      values.push(this.#expression());
      this.#takes(',');
    }
    return values;
  }

  #name(): string {
    const { kind, text } = this.#next();
    if (kind !== 'name') throw new Error(`ERR the script has ${text} where a name should be`);
    return text;
  }

  #next(): Token {
    const next = this.#tokens[this.#at];
    if (next === undefined) throw new Error('ERR the script ends too early');
    this.#at += 1;
    return next;
  }

  #sees(...texts: string[]): boolean {
    const next = this.#tokens[this.#at];
    return next !== undefined && next.kind !== 'string' && texts.includes(next.text);
  }

  #takes(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new Error(`ERR the script lacks ${text}`);
  }
}

function binary(sign: string, left: Expression, right: Expression): Expression {
  if (sign === 'and')
    return (scope) => {
      const value = left(scope);
      return isTrue(value) ? right(scope) : value;
    };
  if (sign === 'or')
    return (scope) => {
      const value = left(scope);
      return isTrue(value) ? value : right(scope);
    };
  const operate = operators[sign] as (one: LuaValue, other: LuaValue) => LuaValue;
  return (scope) => operate(left(scope), right(scope));
}

const indexed =
  (table: Expression, index: Expression): Expression =>
  (scope) => {
    const values = table(scope);
    if (!Array.isArray(values)) throw new Error('ERR attempt to index what is no table');
    return values[numberOf(index(scope)) - 1];
  };

const called =
  (callee: Expression, values: readonly Expression[]): Expression =>
  (scope) => {
    const act = callee(scope);
    if (typeof act !== 'function') throw new Error('ERR attempt to call what is no function');
    return act(...values.map((value) => value(scope)));
  };
