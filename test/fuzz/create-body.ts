// Reads the body of a create in another way than the gateway does: duplicates by counting names, networks by writing them
// again.

export interface CreateBody {
  readonly values: {
    readonly vpcId: string;
    readonly cidrBlock: string;
    readonly accountId: string;
    readonly region: string;
    readonly isSecureConnection: boolean;
  };
  readonly first: number;
  readonly prefix: number;
}

/** `undefined`: it is not the body of a create. */
export function readCreate(bytes: Buffer): CreateBody | undefined {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes) || text.startsWith('\ufeff')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  if (names.sort().join() !== 'accountId,cidrBlock,isSecureConnection,region,vpcId') return undefined;
  if (namesIn(text) !== names.length) return undefined;
  const { vpcId, cidrBlock, accountId, region, isSecureConnection } = value as Record<string, unknown>;
  if (typeof vpcId !== 'string' || !/^vpc-[0-9a-f]+$/.test(vpcId) || ![12, 21].includes(vpcId.length))
    return undefined;
  if (typeof accountId !== 'string' || !/^[0-9]{12}$/.test(accountId)) return undefined;
  if (typeof region !== 'string' || !isRegion(region)) return undefined;
  if (typeof isSecureConnection !== 'boolean') return undefined;
  const network = typeof cidrBlock === 'string' ? readNetwork(cidrBlock) : undefined;
  if (network === undefined) return undefined;
  return {
    values: { vpcId, cidrBlock: cidrBlock as string, accountId, region, isSecureConnection },
    ...network,
  };
}

/** How many members all objects of a JSON text have, named twice or not. */
const namesIn = (text: string): number =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"([ \t\n\r]*:)?/g)].filter(([, colon]) => colon !== undefined).length;

function isRegion(region: string): boolean {
  const words = region.split('-');
  const number = words.pop() ?? '';
  const [first = '', ...rest] = words;
  return (
    /^[0-9]{1,2}$/.test(number) &&
    /^[a-z]{2}$/.test(first) &&
    rest.length >= 1 &&
    rest.length <= 3 &&
    rest.every((word) => /^[a-z]{2,16}$/.test(word))
  );
}

/** The one spelling of a network is the one that its numbers are written in. */
export function readNetwork(text: string): { first: number; prefix: number } | undefined {
  const numbers = text.split(/[./]/).map(Number);
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = numbers;
  if (numbers.length !== 5 || `${a}.${b}.${c}.${d}/${prefix}` !== text) return undefined;
  if (!numbers.every(Number.isInteger) || [a, b, c, d].some((octet) => octet < 0 || octet > 255))
    return undefined;
  if (prefix < 0 || prefix > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  return first % 2 ** (32 - prefix) === 0 ? { first, prefix } : undefined;
}
