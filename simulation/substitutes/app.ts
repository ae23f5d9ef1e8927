// Takes the place of `src/app.ts`: hands the services of the gateway to the `Front` of its process.
import type { AppServices } from '../front.ts';
import { Front } from '../front.ts';
import { thisProcess } from '../simulated-process.ts';

export function createApp(_config: object, services: AppServices): Front {
  const front = new Front(services);
  thisProcess().surroundings.front = front;
  return front;
}
