// Generators of networks as fixed bits, and of texts that are networks or nearly so.
import fc from 'fast-check';
import { textOf } from './bits.ts';

/** Any network, short prefixes as often as long ones. */
export const bits = fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 32 });

/** Networks that have to do with one another: within the same few addresses somewhere, also at either end of all. */
export function crowdedBits(fixed: number): fc.Arbitrary<{ prefix: string; rest: fc.Arbitrary<string> }> {
  const rest = fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 32 - fixed });
  const place = fc.oneof(
    fc.constantFrom('0'.repeat(fixed), '1'.repeat(fixed)),
    fc.string({ unit: fc.constantFrom('0', '1'), minLength: fixed, maxLength: fixed }),
  );
  return place.map((prefix) => ({ prefix, rest: rest.map((tail) => prefix + tail) }));
}

const oddities = fc.constantFrom(...'0123456789./ -+x:,\n\t\0٠１e'.split(''), '', '00', '256', '//', '..');

/** A network with one place changed, so that most are no network any more. */
export const nearNetwork: fc.Arbitrary<string> = fc
  .record({ text: bits.map(textOf), at: fc.nat(), cut: fc.nat(2), put: oddities })
  .map(({ text, at, cut, put }) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + cut);
  });

/** Four numbers and a prefix length in every range that somebody might try. */
export const looseNetwork: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.integer({ min: -1, max: 300 }), { minLength: 3, maxLength: 5 }),
    fc.integer({ min: -1, max: 40 }),
  )
  .map(([numbers, prefix]) => `${numbers.join('.')}/${prefix}`);

export const anyText = fc.oneof(nearNetwork, looseNetwork, bits.map(textOf), fc.string({ unit: 'binary' }));
