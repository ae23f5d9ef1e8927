// What is wrong, or worth a warning, with a policy under the settings of the gateway that is to load it: a limit that the
// gateway cannot count would refuse every create.
import { memberOf } from '../../net/json.ts';
import type { PolicyData, PolicyFault } from '../engine/policy-data.ts';
import type { KnownIssuer } from './issuer-checks.ts';
import type { Places } from './place.ts';

/** The gateway's settings, as far as they are known: nothing is checked against a member that is left out. */
export interface KnownSettings {
  /** Those whose tokens are accepted. */
  readonly issuers?: readonly KnownIssuer[];
  readonly preflight?: 'enforce' | 'off';
  /** 0: the fleet is off. */
  readonly fleetRefreshMs?: number;
  /** Instances share the creators of peerings. */
  readonly sharesState?: boolean;
}

/** Looks at what the text says, as `cross-checks.ts` does. */
export function limitsNotCounted(
  raw: unknown,
  places: Places,
  { preflight, fleetRefreshMs }: KnownSettings,
): PolicyFault[] {
  const limits = memberOf(memberOf(raw, 'guardrails'), 'maxPeerings');
  if (limits === undefined) return [];
  const at = ['guardrails', 'maxPeerings'];
  if (preflight === 'off')
    return [places.at(at, 'needs PREFLIGHT=enforce: without it no peering is counted')];
  if (fleetRefreshMs !== 0 || memberOf(limits, 'perVpc') === undefined) return [];
  return [places.at([...at, 'perVpc'], 'needs the fleet, which FLEET_REFRESH_SECONDS=0 turns off')];
}

/** Of a policy without a fault: one instance does not know what another has created. */
export const creatorsNotShared = (
  { grants }: PolicyData,
  places: Places,
  { sharesState }: KnownSettings,
): PolicyFault[] =>
  (grants ?? []).flatMap(({ actions }, index) =>
    sharesState === false && actions.includes('deleteOwn')
      ? [
          places.at(
            ['grants', index, 'actions', actions.indexOf('deleteOwn')],
            'knows only what this instance created, and what its AUDIT_FILE names: set REDIS_URL to share it',
          ),
        ]
      : [],
  );
