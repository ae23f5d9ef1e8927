// The forms of values that several documents have: each with one pattern and one message.
import { z } from 'zod';
import { regionPattern, uuidPattern, vpcIdPattern } from '../../net/aws.ts';

export const text = z.string('must be a string');

export const words = (max: number) =>
  text.min(1, 'must not be empty').max(max, `must be at most ${max} characters`);

/** In lower case. */
export const clusterId = text
  .regex(uuidPattern, 'must be the UUID of a cluster')
  .transform((id) => id.toLowerCase());

export const vpcId = text.regex(vpcIdPattern, 'must be a VPC id such as vpc-0123456789abcdef0');

export const region = text.regex(regionPattern, 'must be an AWS region such as us-east-1');
