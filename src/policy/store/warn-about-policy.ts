// What the log says about a policy that is taken up, at the start as at a reload, so that neither report mode nor an expired
// exception goes unnoticed.
import type { Logger } from '../../logging/logger.ts';
import { describePolicyFault, type PolicyData, type PolicyFault } from '../engine/policy-data.ts';

const maxLogged = 20;

export function warnAboutPolicy(
  logger: Logger,
  { version, mode }: Pick<PolicyData, 'version' | 'mode'>,
  warnings: readonly PolicyFault[],
): void {
  if (mode === 'report')
    logger.warn(
      { version, mode },
      'the policy is in report mode: it refuses nothing and records what it would refuse',
    );
  for (const warning of warnings.slice(0, maxLogged))
    logger.warn({ version, warning: describePolicyFault(warning) }, 'warning about the policy');
  if (warnings.length > maxLogged)
    logger.warn(
      { version, count: warnings.length },
      'there are more warnings about the policy: check lists them all',
    );
}
