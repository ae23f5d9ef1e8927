// Long work in small pieces: whatever else the process has to do comes in between.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The same elements. Each is made in a turn of the event loop of its own. */
export async function* inTurns<Element>(
  elements: Iterable<Element>,
): AsyncGenerator<Element, void, undefined> {
  for (const element of elements) {
    yield element;
    await nextTurn();
  }
}
