// How one setting's text becomes a value. Each reader takes what its `expected` says and nothing else; there is no
// trimming to fit and no guessing.
import { isIP } from 'node:net';
import { parseSecureUrl } from '../net/secure-url.ts';
import { parseRedisUrls, type RedisServers } from './redis-servers.ts';

/** One kind of setting: what it accepts, in words for an operator, and the value or `undefined` for a text it refuses. */
export interface Reader<T> {
  readonly expected: string;
  readonly read: (text: string) => T | undefined;
}

export const wholeNumber = (least: number, most: number): Reader<number> => ({
  expected: `a whole number from ${least} to ${most}`,
  read: (text) => {
    if (!/^\d{1,12}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= least && value <= most ? value : undefined;
  },
});

export const oneOf = <const T extends string>(...words: T[]): Reader<T> => ({
  expected: `one of ${words.join(', ')}`,
  read: (text) => words.find((word) => word === text),
});

export const yesOrNo: Reader<boolean> = {
  expected: 'true or false',
  read: (text) => ({ true: true, false: false })[text],
};

/** RFC 6749 section 3.3: a scope is visible ASCII without space, quote and backslash. */
export const scopeWord: Reader<string> = {
  expected: 'one scope: visible ASCII without spaces, quotes and backslashes',
  read: (text) => (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text) ? text : undefined),
};

export const line = (what: string): Reader<string> => ({
  expected: what,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  read: (text) => (/^[^\x00-\x1f\x7f]+$/.test(text) ? text : undefined),
});

export const hostName: Reader<string> = {
  expected: 'an IP address or a host name',
  read: (text) => (isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(text) ? text : undefined),
};

export const basePath: Reader<string> = {
  expected: 'a path such as /v1: it begins with a slash, ends without one, and has plain segments',
  read: (text) => (/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/.test(text) ? text : undefined),
};

const urlOf = (without: string) => `https URL (http only for a loopback host) without ${without}`;
const endpointRule = urlOf('credentials or fragment');
const plainRule = urlOf('credentials, query or fragment');

/** The text itself, not a normal form of it: an issuer is compared character by character (RFC 8414 section 3.3). */
const readUrl = (text: string): string | undefined => (parseSecureUrl(text) === undefined ? undefined : text);
const readPlainUrl = (text: string): string | undefined => (text.includes('?') ? undefined : readUrl(text));

export const endpointUrl: Reader<string> = { expected: `an ${endpointRule}`, read: readUrl };
export const baseUrl: Reader<string> = { expected: `an ${plainRule}`, read: readPlainUrl };

/** It may hold credentials, which go to the proxy and are never shown. */
export const egressProxyUrl: Reader<string> = {
  expected: 'the http:// or https:// URL of an egress proxy, such as http://proxy.example:3128',
  read: (text) => {
    if (!/^https?:\/\/[^\s/?#\\]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
    const { username, password } = new URL(text);
    return isPercentEncoded(username + password) ? text : undefined;
  },
};

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** OpenTelemetry takes its words in any case (its specification, "Configuration Environment Variable Specification"). */
export const anyCase = <T>({ expected, read }: Reader<T>): Reader<T> => ({
  expected,
  read: (text) => read(text.trim().toLowerCase()),
});

/** A list of which the gateway needs one. */
export const traceExporter: Reader<'otlp' | 'none'> = anyCase({
  expected: 'otlp or none',
  read: (text) => (words(text).includes('otlp') ? 'otlp' : text === 'none' ? 'none' : undefined),
});

export const collectorUrl: Reader<string> = {
  expected: 'an http or https URL without fragment',
  read: (text) => (/^https?:\/\/[^\s#]+$/i.test(text) && URL.canParse(text) ? text : undefined),
};

/** Which servers may be used, and how, depends on other settings. */
export const redisUrls: Reader<RedisServers> = {
  expected:
    'a redis:// or rediss:// URL, or a comma-separated list of them that differ in host and port only',
  read: parseRedisUrls,
};

const maxIssuerBytes = 512;
const issuerRule = `${plainRule}, of at most ${maxIssuerBytes} bytes and without control characters`;

/** Every record of a caller names its issuer, whole and twice. */
export const issuerUrl: Reader<string> = {
  expected: `an ${issuerRule}`,
  read: (text) =>
    Buffer.byteLength(text) <= maxIssuerBytes && /^[^\p{Cc}\p{Cs}]*$/u.test(text)
      ? readPlainUrl(text)
      : undefined,
};

export const issuerUrls: Reader<readonly string[]> = {
  expected: `comma-separated issuers, each named once, each an ${issuerRule}`,
  read: (text) => {
    const issuers = words(text);
    const good = issuers.every((issuer) => issuerUrl.read(issuer) !== undefined);
    return good && new Set(issuers).size === issuers.length ? issuers : undefined;
  },
};

export const audiences: Reader<readonly string[]> = {
  expected: 'comma-separated `aud` values, each named once; a token must carry one of them',
  read: (text) => {
    const values = words(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
    const good = values.every((value) => /^[^\x00-\x1f\x7f]+$/.test(value));
    return good && new Set(values).size === values.length ? values : undefined;
  },
};

export const defaultAlgorithms = 'RS256,PS256,ES256,EdDSA';

const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/;

const edwards = ['EdDSA', 'Ed25519'];

export const signatureAlgorithms: Reader<readonly string[]> = {
  expected: `comma-separated asymmetric JWS algorithms, such as ${defaultAlgorithms}`,
  read: (text) => {
    const algorithms = words(text);
    if (!algorithms.every((name) => asymmetric.test(name))) return undefined;
    // RFC 9864 section 2.2: two names of one algorithm, since Ed448 is not accepted.
    const isEdwards = algorithms.some((name) => edwards.includes(name));
    return isEdwards ? [...new Set([...algorithms, ...edwards])] : algorithms;
  },
};

export const proxyAddresses: Reader<readonly string[]> = {
  expected: 'comma-separated IP addresses or CIDRs (not all addresses: no prefix of 0)',
  read: (text) => (words(text).every(isAddressBlock) ? words(text) : undefined),
};

function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

const words = (text: string): string[] => text.split(',').map((word) => word.trim());
