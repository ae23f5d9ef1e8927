// Warns of regions of a partition that AWS does not have today. AWS may have it tomorrow, so it is no fault.
import { isOfKnownPartition } from '../../net/aws.ts';
import type { PolicyData, PolicyFault } from '../engine/policy-data.ts';
import type { Path, Places } from './place.ts';

export function unknownPartitions(
  { guardrails, grants, exceptions }: PolicyData,
  places: Places,
): PolicyFault[] {
  const lists: (readonly [Path, readonly string[] | undefined])[] = [
    [['guardrails', 'regions'], guardrails.regions],
    ...(grants ?? []).map(({ regions }, index) => [['grants', index, 'regions'], regions] as const),
    ...exceptions.map(
      ({ allows }, index) => [['exceptions', index, 'allows', 'regions'], allows.regions] as const,
    ),
  ];
  return lists.flatMap(([path, regions = []]) =>
    regions.flatMap((region, index) =>
      isOfKnownPartition(region)
        ? []
        : [
            places.at(
              [...path, index],
              `${region} is in no partition that AWS is known to have; is it mistyped?`,
            ),
          ],
    ),
  );
}
