// Every way to change one value of a policy so that it decides otherwise: each list loses an element or takes in all that
// was asked for, each bound moves by one, each rule goes. Tests of a policy that pass for one of these are not enough.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { PolicyTest } from '../../src/policy/language/policy-tests.ts';

export interface Mutant {
  readonly what: string;
  readonly document: object;
}

/** A policy as it is written, with its lists in it. */
interface WrittenPolicy {
  readonly guardrails: Guardrails;
  readonly grants?: readonly Grant[];
  readonly exceptions?: readonly Exception[];
}

interface Guardrails {
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly cidrs: readonly string[];
  forbiddenCidrs: readonly string[];
  prefixLength: PrefixLength;
  secureConnection: string;
}

interface PrefixLength {
  readonly min: number;
  readonly max: number;
}

interface Grant {
  readonly clusters?: readonly string[];
  readonly accounts?: readonly string[];
  readonly regions?: readonly string[];
  readonly cidrs?: readonly string[];
  readonly actions: readonly string[];
  readonly callers: readonly Caller[];
}

interface Exception {
  readonly allows: Lists & { readonly prefixLength: PrefixLength };
  readonly callers: readonly Caller[];
  readonly expires: string;
}

interface Caller {
  readonly claim: string;
  readonly equals?: string;
  readonly contains?: string;
}

type Path = readonly (string | number)[];
type Lists = Readonly<Record<string, readonly string[]>>;

/** For a list that nothing asked for is in. */
const nowhere: Lists = {
  clusters: ['00000000-0000-4000-8000-000000000000'],
  accounts: ['000000000000'],
  regions: ['xx-nowhere-1'],
  cidrs: ['192.0.2.0/24'],
};

export function policyMutants(text: string, folder: string, cases: readonly PolicyTest[]): Mutant[] {
  const policy = inlined(parse(text), folder) as WrittenPolicy;
  const { guardrails, grants = [], exceptions = [] } = policy;
  guardrails.forbiddenCidrs ??= ['10.129.0.0/24'];
  guardrails.prefixLength ??= { min: 16, max: 28 };
  guardrails.secureConnection ??= 'required';
  const asked = askedFor(cases);
  const change = (path: Path, value: unknown): Mutant => ({
    what: `/${path.join('/')} ${isGone(value) ? 'removed' : `= ${JSON.stringify(value)}`}`,
    document: changed(policy, path, value),
  });
  return [
    ...guardrailMutants(guardrails, asked),
    ...grants.flatMap((grant, index): Change[] => [
      grants.length === 1 ? [['grants'], undefined] : [['grants', index], removed],
      ...grantMutants(grant, ['grants', index]),
    ]),
    ...exceptions.flatMap((exception, index): Change[] => [
      [['exceptions', index], removed],
      ...exceptionMutants(exception, ['exceptions', index], asked),
    ]),
  ].map(([path, value]) => change(path, value));
}

type Change = readonly [Path, unknown];
/** Takes an element out of its list. */
const removed = Symbol('removed');
const isGone = (value: unknown): boolean => value === removed || value === undefined;

function guardrailMutants(guardrails: Guardrails, asked: Lists): Change[] {
  const at: Path = ['guardrails'];
  const { min, max } = guardrails.prefixLength;
  const lengths = [
    { min: min - 1, max },
    { min: min + 1, max },
    { min, max: max - 1 },
    { min, max: max + 1 },
  ];
  return [
    ...(['accounts', 'regions', 'cidrs'] as const).flatMap((name): Change[] => [
      ...narrowed([...at, name], guardrails[name]),
      [[...at, name], asked[name]],
    ]),
    ...guardrails.forbiddenCidrs.map((_, index): Change => [[...at, 'forbiddenCidrs', index], removed]),
    [[...at, 'forbiddenCidrs'], ['0.0.0.0/0']],
    ...lengths.map((length) => [[...at, 'prefixLength'], length] as const),
    [[...at, 'secureConnection'], guardrails.secureConnection === 'required' ? 'optional' : 'required'],
  ];
}

/** A list that is there loses each element in turn and goes away; one that is not there comes and lets nothing in. */
const grantMutants = (grant: Grant, at: Path): Change[] => [
  ...(['clusters', 'accounts', 'regions', 'cidrs'] as const).flatMap((name): Change[] =>
    grant[name] === undefined
      ? [[[...at, name], nowhere[name]]]
      : [...narrowed([...at, name], grant[name]), [[...at, name], undefined]],
  ),
  ...['create', 'list', 'delete'].flatMap((action): Change[] => {
    const others = grant.actions.filter((other) => other !== action);
    const toggled = others.length === grant.actions.length ? [...others, action] : others;
    return toggled.length === 0 ? [] : [[[...at, 'actions'], toggled]];
  }),
  ...callerMutants(grant.callers, [...at, 'callers']),
];

function exceptionMutants({ allows, callers, expires }: Exception, at: Path, asked: Lists): Change[] {
  const members = Object.keys(allows);
  const shifted = (milliseconds: number) => new Date(Date.parse(expires) + milliseconds).toISOString();
  return [
    // An exception with nothing in it is a fault, which the removal of the whole exception stands for.
    ...(members.length === 1 ? [] : members.map((name): Change => [[...at, 'allows', name], undefined])),
    ...members.flatMap((name): Change[] => {
      const path = [...at, 'allows', name];
      if (name in asked) return [...narrowed(path, allows[name] as readonly string[]), [path, asked[name]]];
      return name === 'prefixLength' ? [[path, { ...allows[name], max: allows[name].max + 1 }]] : [];
    }),
    [[...at, 'expires'], shifted(-1000)],
    [[...at, 'expires'], shifted(1000)],
    ...callerMutants(callers, [...at, 'callers']),
  ];
}

/** Each caller goes, and becomes anybody; what is matched loosely is matched to the letter. */
const callerMutants = (callers: readonly Caller[], at: Path): Change[] =>
  callers.flatMap(({ claim, equals, contains }, index): Change[] => [
    ...(callers.length === 1 ? [] : [[[...at, index], removed] as const]),
    [[...at, index], { claim: 'sub', equals: '*' }],
    ...(contains === undefined ? [] : [[[...at, index], { claim, equals: contains }] as const]),
    ...(equals?.endsWith('*')
      ? [equals.slice(0, -1), `${equals.slice(0, -2)}*`].map(
          (text): Change => [[...at, index, 'equals'], text],
        )
      : []),
  ]);

const narrowed = (path: Path, list: readonly string[]): Change[] =>
  list.length === 1
    ? [[path, nowhere[String(path.at(-1))]]]
    : list.map((_, index): Change => [[...path, index], removed]);

/** Every value that a test asks for; for blocks, all addresses. */
function askedFor(cases: readonly PolicyTest[]): Lists {
  const peerings = cases.flatMap(({ question }) => question.peering ?? []);
  const unique = (values: readonly string[]) => [...new Set(values)];
  return {
    clusters: unique(cases.flatMap(({ question }) => question.clusterId ?? [])),
    accounts: unique(peerings.map(({ accountId }) => accountId)),
    regions: unique(peerings.map(({ region }) => region)),
    cidrs: ['0.0.0.0/0'],
  };
}

/** The policy with the lists of its files in it. */
function inlined(value: unknown, folder: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => inlined(element, folder));
  if ('file' in value) {
    const lines = readFileSync(join(folder, String(value.file)), 'utf8').split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inlined(member, folder)]));
}

/** An object or a list, with what is in it. */
type Container = Record<string | number, unknown>;

/** A copy with one member set, removed (`undefined`), or taken out of its list. */
function changed(document: object, path: Path, value: unknown): object {
  const copy = structuredClone(document) as Container;
  const last = path.at(-1) as string | number;
  const parent = path.slice(0, -1).reduce((node, key) => node[key] as Container, copy);
  if (value === removed) (parent as object as unknown[]).splice(last as number, 1);
  else if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
