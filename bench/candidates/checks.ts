// The policy of the measurements, as a team would write it by hand into its own gateway: the five members, the
// account, the region, the block. What peergate decides by its policy file, the others decide by this; what it does
// not look at, they let through.

export const accounts = ['111122223333'];
export const regions = ['us-east-1', 'eu-west-1'];
export const allowedBlocks = ['10.0.0.0/8', '172.16.0.0/12'];
export const forbiddenBlocks = ['10.128.0.0/19', '10.129.0.0/24'];
export const prefixLength = { min: 16, max: 28 };

export const vpcPattern = '^vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})$';
export const accountPattern = '^[0-9]{12}$';
export const regionPattern = '^[a-z]{2}(?:-[a-z]+)+-[0-9]$';

export interface CreateBody {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
  readonly isSecureConnection: boolean;
}

interface Block {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** `undefined` when it is no network. */
export function parseBlock(text: string): Block | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = parts.map(Number);
  if (a > 255 || b > 255 || c > 255 || d > 255 || prefix > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

const blocks = (texts: readonly string[]): Block[] => texts.map((text) => parseBlock(text) as Block);
const allowed = blocks(allowedBlocks);
const forbidden = blocks(forbiddenBlocks);

/** What is wrong with the body's form. */
export function bodyFault(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return 'not an object';
  const { vpcId, cidrBlock, accountId, region, isSecureConnection } = body as Record<string, unknown>;
  if (Object.keys(body).length !== 5) return 'not exactly five members';
  if (typeof vpcId !== 'string' || !vpc.test(vpcId)) return 'vpcId';
  if (typeof cidrBlock !== 'string' || parseBlock(cidrBlock) === undefined) return 'cidrBlock';
  if (typeof accountId !== 'string' || !account.test(accountId)) return 'accountId';
  if (typeof region !== 'string' || !regionForm.test(region)) return 'region';
  return typeof isSecureConnection === 'boolean' ? undefined : 'isSecureConnection';
}

const vpc = new RegExp(vpcPattern);
const account = new RegExp(accountPattern);
const regionForm = new RegExp(regionPattern);

/** Why the policy says no. */
export function refusal({ accountId, region, cidrBlock }: CreateBody): string | undefined {
  if (!accounts.includes(accountId)) return 'account';
  if (!regions.includes(region)) return 'region';
  const block = parseBlock(cidrBlock);
  if (block === undefined) return 'cidrBlock';
  if (block.prefix < prefixLength.min || block.prefix > prefixLength.max) return 'prefix length';
  if (!allowed.some(({ first, last }) => first <= block.first && block.last <= last)) return 'block';
  return forbidden.some(({ first, last }) => first <= block.last && block.first <= last)
    ? 'forbidden block'
    : undefined;
}

/** The scope of a create, or of a list. */
export const scopeOf = (method: string): string => (method === 'POST' ? 'update:database' : 'read:database');

export const hasScope = (scope: unknown, wanted: string): boolean =>
  typeof scope === 'string' && scope.split(' ').includes(wanted);

export const largestBody = 16_384;
