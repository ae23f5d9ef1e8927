// How a rule names its callers: by one claim of the token, or by several together.
import { z } from 'zod';
import { words } from './value-forms.ts';

export const claim = words(200)
  .regex(/^[^/]|^(\/([^~/]|~[01])*)+$/, 'must be a claim, or a JSON Pointer such as /realm_access/roles')
  // Records name the claims that they hold.
  .refine((name) => name.isWellFormed(), 'has half of a surrogate pair')
  .meta({ description: 'A claim of the token by its name, or a JSON Pointer for a nested one.' });

/** Beyond this several whole numbers read as the same one, and another caller's claim could match. */
const isDistinct = (value: unknown): boolean =>
  typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value);

const condition = z
  .strictObject({
    claim,
    equals: z
      .union([words(500), z.number(), z.boolean()], 'must be a string, a number, true or false')
      .refine(isDistinct, 'is too large to be exact')
      .optional()
      .meta({ description: 'The claim is exactly this; a * at the end stands for any rest.' }),
    contains: words(500)
      .optional()
      .meta({ description: 'The claim is an array with this in it, or a string with this among its words.' }),
    exact: z
      .boolean('must be true or false')
      .optional()
      .meta({ description: 'true: a * is an ordinary character.' }),
  })
  .refine(
    ({ equals, contains }) => (equals === undefined) !== (contains === undefined),
    'must have one of equals and contains',
  )
  .refine(({ equals, exact }) => exact === true || !/\*./s.test(String(equals)), {
    path: ['equals'],
    message: 'has a * that is not at the end',
  })
  .refine(({ contains, exact }) => exact === true || contains?.includes('*') !== true, {
    path: ['contains'],
    message: 'has a *, which only equals understands',
  })
  .meta({
    description: 'Matches a token by one claim.',
    oneOf: [{ required: ['equals'] }, { required: ['contains'] }],
  });

const caller = z.union([
  condition,
  z
    .strictObject({
      all: z
        .array(condition)
        .min(1, 'must not be empty: it would match every caller')
        .meta({ description: 'Every one of these conditions must hold.' }),
    })
    .meta({ description: 'Matches a token by several claims together.' }),
]);

export const callers = z.array(caller).min(1, 'must not be empty: it would match no caller').meta({
  description: 'Matches a caller whom any one of these matches.',
});

export type CallerDocument = z.output<typeof caller>;
export type ConditionDocument = z.output<typeof condition>;
