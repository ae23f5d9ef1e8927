// `policy explain`: the decision for one request, as a tree of the request and the result of each rule.
import { decodeJwt } from 'jose/jwt/decode';
import type { z } from 'zod';
import { compilePolicy } from '../policy/engine/compile.ts';
import type { Question } from '../policy/engine/decision.ts';
import { type Explanation, explain, type RuleOpinion } from '../policy/engine/explain.ts';
import { describePolicyFault, faultOfFile } from '../policy/engine/policy-data.ts';
import { contentOfArgument } from '../policy/language/content-of.ts';
import { needsNoScope } from '../policy/language/issuer-checks.ts';
import { claimsDocument, requestDocument, timeDocument } from '../policy/language/policy-tests.ts';
import { readYaml } from '../policy/language/read-yaml.ts';
import { loadPolicy } from '../policy/store/load-policy.ts';
import { listFaults } from './check.ts';
import type { Arguments, Command, CommandInput, ExitStatus } from './command.ts';
import { readIssuersOption } from './read-issuers-option.ts';
import { drawTree, printable, type Style, styleFor, type TreeNode } from './terminal.ts';

export const policyExplainCommand: Command = {
  help: `Usage: bin/peergate policy explain POLICY --request R.json
         (--claims C.json | --token FILE)

Decides the request of R.json for a caller with the claims of C.json or of the
JWT in FILE, and shows the result of every rule. The claims and the request may
be JSON or YAML. The request has the same form as in a tests file.

Options
  --request FILE  The request.
  --claims FILE   The claims of the caller's token.
  --token FILE    The token itself. It is decoded, not verified.
  --at TIME       Decide at this time, such as 2026-12-01T00:00:00Z.
  --issuers FILE  The gateway's AUTH_ISSUERS_FILE: it says whose tokens need no
                  scope, and so need a grant that names the issuer.

Example of a denial
  bin/peergate policy explain examples/with-exceptions/policy.yaml \\
    --request examples/with-exceptions/request.json \\
    --claims examples/with-exceptions/claims.json

Exit status: 0 allowed, 1 denied or a file has a fault.
`,
  options: ['request', 'claims', 'token', 'at', 'issuers'],
  requiredOptions: ['request'],
  positionals: { min: 1, max: 1 },
  run: policyExplain,
};

function policyExplain(input: CommandInput, { positionals, options }: Arguments): ExitStatus {
  const time = timeDocument.optional().safeParse(options['at']);
  if (!time.success) {
    input.stderr(`--at must be a time such as 2026-12-01T00:00:00Z.\n\n${policyExplainCommand.help}`);
    return 2;
  }
  if ((options['claims'] === undefined) === (options['token'] === undefined)) {
    input.stderr(`Give one of --claims and --token.\n\n${policyExplainCommand.help}`);
    return 2;
  }
  const at = time.data === undefined ? input.now : Date.parse(time.data);
  const known = readIssuersOption(options);
  const policy = loadPolicy(positionals[0] ?? '', input.now, known, contentOfArgument);
  const request = readFile(options['request'] ?? '', requestDocument);
  const { token } = options;
  const claims = token === undefined ? readFile(options['claims'] ?? '', claimsDocument) : readToken(token);
  const faults = [policy, request, claims].flatMap((read) => read.faults ?? []).map(describePolicyFault);
  const isRead = policy.faults === undefined && request.faults === undefined && claims.faults === undefined;
  if (!isRead || known.faults.length > 0) {
    input.stderr(listFaults([...faults, ...known.faults]));
    return 1;
  }
  const withoutScopes = needsNoScope(claims.value, known.issuers);
  const question = { ...request.value, claims: claims.value, withoutScopes, at };
  const explanation = explain(compilePolicy(policy.data), question);
  input.stdout(
    `${drawTree(draw(question, explanation, styleFor(input.colours), token !== undefined)).join('\n')}\n`,
  );
  return explanation.decision.effect === 'allow' ? 0 : 1;
}

const readFile = <Schema extends z.ZodType>(path: string, schema: Schema) =>
  readYaml(path, contentOfArgument(path), schema);

/** The claims of the JWT in a file. Nothing of a file that is none gets into the fault. */
function readToken(path: string) {
  const bytes = contentOfArgument(path);
  const refuse = (message: string) => ({ faults: [faultOfFile(path, message)] });
  if (typeof bytes === 'string') return refuse(`cannot be read (${bytes})`);
  try {
    return {
      faults: undefined,
      value: claimsDocument.parse(decodeJwt(Buffer.from(bytes).toString('utf8').trim())),
    };
  } catch {
    return refuse('must hold a JWT in compact form');
  }
}

function draw(question: Question, explanation: Explanation, style: Style, isFromToken: boolean): TreeNode {
  const { decision, opinions } = explanation;
  const { effect, mode, policyVersion, grant, exceptions } = decision;
  const mark = effect === 'allow' ? style.good('allow') : style.bad('deny');
  const wouldRefuse = effect === 'allow' && decision.violations.length > 0;
  return {
    text: `${mark}${wouldRefuse ? ' (report mode: enforcing would deny)' : ''}`,
    children: [
      { text: 'asked', children: asked(question) },
      {
        text: isFromToken ? 'caller (the token was not verified)' : 'caller',
        children: caller(question, explanation),
      },
      ...opinions.map((opinion) => opinionNode(opinion, style)),
      {
        text: 'decided',
        children: [
          { text: `grant       ${grant ?? 'none'}` },
          { text: `exceptions  ${exceptions.length === 0 ? 'none needed' : exceptions.join(', ')}` },
          { text: `mode        ${mode}` },
          { text: `policy      ${style.faint(policyVersion)}` },
        ],
      },
    ],
  };
}

function asked({ action, clusterId, peering, existing, at }: Question): TreeNode[] {
  const { clusterId: _, ...values } = peering ?? { clusterId, ...existing };
  const members = { action, clusterId, ...values, at: new Date(at).toISOString() };
  return Object.entries(members).map(([name, value]) => ({
    text: `${name.padEnd(18)} ${printable(String(value))}`,
  }));
}

function caller({ claims, withoutScopes, action }: Question, explanation: Explanation): TreeNode[] {
  const { grants, exceptions } = explanation;
  const { iss, sub } = claims;
  const described = exceptions.map(({ id, expired, widens, applies }) => {
    if (expired) return `${id} (expired)`;
    if (!widens) return `${id} (not for ${action})`;
    return applies ? id : `${id} (only for other requests)`;
  });
  const matching =
    grants === undefined ? 'the policy has none; the scope is enough' : grants.join(', ') || 'none';
  const scopes = withoutScopes
    ? [{ text: 'scopes      none: only a grant that names the issuer counts' }]
    : [];
  return [
    { text: `issuer      ${printable(String(iss ?? 'none'))}` },
    { text: `subject     ${printable(String(sub ?? 'none'))}` },
    ...scopes,
    { text: `grants      ${matching}` },
    { text: `exceptions  ${described.join(', ') || 'none'}` },
  ];
}

function opinionNode(opinion: RuleOpinion, { good, bad }: Style): TreeNode {
  const { rule, violations, exceptions, accountsFromClaim } = opinion;
  const helped = exceptions.length === 0 ? '' : `, with the exception ${exceptions.join(', ')}`;
  const proven = accountsFromClaim === undefined ? '' : `, ${describeAccounts(accountsFromClaim)}`;
  if (violations.length === 0) return { text: `${good('✓')} ${rule}: nothing against it${helped}${proven}` };
  return {
    text: `${bad('✗')} ${rule}${helped}${proven}`,
    children: violations.map(({ code, field, description }) => ({
      text: `${code}${field === '' ? '' : ` ${field}`}`,
      children: [{ text: description }],
    })),
  };
}

const describeAccounts = ({ claim, accounts }: NonNullable<RuleOpinion['accountsFromClaim']>): string =>
  `accounts from the claim ${printable(claim)}: ${accounts.join(', ') || 'none'}`;
