// What an operation finds wrong with a request.
import type { Operation } from '../../src/pipeline/operation.ts';
import { Faults } from '../../src/pipeline/request-faults.ts';

export function faultsOf(operation: Operation, request: Parameters<Operation['parse']>[0]): Faults {
  const faults = new Faults();
  operation.parse(request, faults);
  return faults;
}
