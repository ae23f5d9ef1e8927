// Takes the place of `src/http/listener/create-listener.ts`: no sockets. Requests reach the gateway through its `Front`.
import { thisProcess } from '../simulated-process.ts';

const nothing = {
  closeAllConnections: () => undefined,
  on: () => nothing,
  prependListener: () => nothing,
};

export const createListener = () => nothing;
export const listen = () => Promise.resolve(1);

export const holdRequests = (handler: unknown) => ({
  listener: handler,
  open() {
    thisProcess().surroundings.front?.open();
  },
});

export const stopAccepting = () => Promise.resolve(thisProcess().surroundings.front?.close());
export const lastConnectionGone = () => Promise.resolve();
export const closeIdle = () => Promise.resolve();
export const close = () => Promise.resolve();
