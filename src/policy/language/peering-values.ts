// The five values of a create, each of the right form: one description for the body that a caller sends and for the
// requests that a policy is tried on. A `cidrBlock` is a network here, not just digits as in the vendor's contract.
import { z } from 'zod';
import { accountIdPattern } from '../../net/aws.ts';
import { isIpv4Fault, parseIpv4Network } from '../../net/ipv4.ts';
import { region, text, vpcId } from './value-forms.ts';

const cidrBlock = text.superRefine((value, context) => {
  const network = parseIpv4Network(value);
  if (isIpv4Fault(network)) context.addIssue({ code: 'custom', message: network.fault });
});

/** `VPCPeeringCreateSchema` of the vendor's contract, member by member. */
export const peeringValues = {
  vpcId,
  cidrBlock,
  accountId: text.regex(accountIdPattern, 'must be an AWS account: a string of 12 digits'),
  region,
  isSecureConnection: z.boolean('must be true or false'),
};
