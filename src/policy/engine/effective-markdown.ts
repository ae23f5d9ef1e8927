// The effective policy as Markdown, for people. Every value is set as code, so that none can become markup.
import type { EffectiveLimits, EffectiveOnly, EffectivePolicy } from './effective.ts';

export function effectiveMarkdown(effective: EffectivePolicy): string {
  const { organization, policyVersion, mode, caller, prefixLength, secureConnection, grants, exceptions } =
    effective;
  const lines = [
    `# What ${code(caller.subject)} may peer`,
    '',
    `Policy of ${code(organization)}, version ${code(policyVersion)}, mode ${code(mode)}.`,
    ...(effective.contact === undefined ? [] : ['', `Contact: ${code(effective.contact)}`]),
    ...(mode === 'report'
      ? ['', '**Report mode:** what the policy would refuse is recorded, and not refused.']
      : []),
    '',
    '## Every create must be inside',
    '',
    `- accounts: ${list(effective.accounts, effective.shortened['/accounts'])}`,
    `- regions: ${list(effective.regions, effective.shortened['/regions'])}`,
    `- blocks inside: ${list(effective.cidrs, effective.shortened['/cidrs'])}`,
    `- blocks outside: ${list(effective.forbiddenCidrs, effective.shortened['/forbiddenCidrs'])}`,
    `- prefix length: ${prefixLength.min} to ${prefixLength.max}`,
    `- secure connection: ${secureConnection}`,
    ...limitLinesOf(effective.maxPeerings),
    '',
    'A peering to be deleted must be in one of these accounts and regions; its block does not matter.',
    '',
    '## Grants',
    '',
    ...grantLines(grants, effective.shortened),
    '',
    '## Exceptions',
    '',
    ...(exceptions.length === 0
      ? ['None.']
      : exceptions.flatMap((exception, index) => exceptionLines(exception, index, effective))),
    '',
  ];
  return lines.join('\n');
}

const limitLinesOf = ({ perCluster, perVpc }: NonNullable<EffectivePolicy['maxPeerings']> = {}): string[] => [
  ...(perCluster === undefined ? [] : [`- live peerings of a cluster: at most ${perCluster}`]),
  ...(perVpc === undefined ? [] : [`- live peerings of a VPC: at most ${perVpc}`]),
];

type Shortened = EffectivePolicy['shortened'];

function grantLines(grants: EffectivePolicy['grants'], shortened: Shortened): string[] {
  if (grants === null) return ['The policy has no grants: the scope of the token is enough.'];
  if (grants.length === 0) return ['None: every request is refused.'];
  return [
    'A request must fit one of them whole.',
    '',
    ...grants.flatMap((grant, index) => [
      `- ${code(grant.id)}: ${grant.actions.join(', ')}`,
      ...limitLines(grant, `/grants/${index}`, shortened),
      ...(grant.accountsFromClaim === undefined
        ? []
        : [`  - accounts come from the token's claim ${code(grant.accountsFromClaim)}`]),
    ]),
  ];
}

function exceptionLines(
  { id, actions, expires, ticket, allows, only }: EffectivePolicy['exceptions'][number],
  index: number,
  { shortened }: EffectivePolicy,
): string[] {
  const { prefixLength, secureConnection } = allows;
  const place = `/exceptions/${index}`;
  return [
    `- ${code(id)} until ${expires}${ticket === null ? '' : `, ticket ${code(ticket)}`}, allows besides:`,
    `  - actions: ${actions.join(', ')}`,
    ...limitLines(allows, `${place}/allows`, shortened),
    ...(prefixLength ? [`  - prefix length: ${prefixLength.min} to ${prefixLength.max}`] : []),
    ...(secureConnection ? [`  - secure connection: ${secureConnection}`] : []),
    ...(only ? onlyLines(only, `${place}/only`, shortened) : []),
  ];
}

function onlyLines(only: EffectiveOnly, place: string, shortened: Shortened): string[] {
  const vpcs = only.vpcs === null ? [] : [`  - vpcs: ${list(only.vpcs, shortened[`${place}/vpcs`])}`];
  const lines = [...limitLines(only, place, shortened), ...vpcs];
  return ['  - only for requests inside:', ...lines.map((line) => `  ${line}`)];
}

const limitLines = (limits: EffectiveLimits, place: string, shortened: Shortened): string[] =>
  (['clusters', 'accounts', 'regions', 'cidrs'] as const).flatMap((name) => {
    const values = limits[name];
    return values === null ? [] : [`  - ${name}: ${list(values, shortened[`${place}/${name}`])}`];
  });

function list(values: readonly string[], total: number | undefined): string {
  const shown = values.map(code).join(', ');
  if (shown === '') return 'none';
  return total === undefined ? shown : `${shown} and ${total - values.length} more`;
}

/** CommonMark section 6.1: a code span, whatever backticks the value has. */
function code(value: string): string {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = longest > 0 ? ' ' : '';
  return `${fence}${padding}${value.replaceAll(/\s+/g, ' ')}${padding}${fence}`;
}
