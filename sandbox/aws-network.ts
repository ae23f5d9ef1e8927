// What AWS would say to a peering: it refuses one whose block is no IPv4 network or overlaps the cluster's own.

interface Range {
  readonly first: number;
  readonly last: number;
}

export function awsRefuses(vpcBlock: string, clusterBlock: string): boolean {
  const vpc = rangeOf(vpcBlock);
  const cluster = rangeOf(clusterBlock);
  if (vpc === undefined || cluster === undefined) return true;
  return vpc.first <= cluster.last && cluster.first <= vpc.last;
}

function rangeOf(block: string): Range | undefined {
  const [address = '', prefix = ''] = block.split('/');
  const octets = address.split('.').map(Number);
  const bits = Number(prefix);
  if (octets.length !== 4 || bits > 32 || octets.some((octet) => !(octet <= 255))) return undefined;
  const size = 2 ** (32 - bits);
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const first = Math.floor(start / size) * size;
  return { first, last: first + size - 1 };
}
