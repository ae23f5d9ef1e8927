// Stryker's runner of TAP, with the test files in the order of the settings: the first one that fails ends a try, so the fast
// ones go first.
import { createTapTestRunnerFactory } from '@stryker-mutator/tap-runner';

const createTapTestRunner = createTapTestRunnerFactory();

function createTapInOrder(injector) {
  const runner = createTapTestRunner(injector);
  runner.init = () => {
    runner.testFiles = runner.options.tap.testFiles;
  };
  return runner;
}
createTapInOrder.inject = ['$injector'];

export const strykerPlugins = [{ kind: 'TestRunner', name: 'tap-in-order', factory: createTapInOrder }];
