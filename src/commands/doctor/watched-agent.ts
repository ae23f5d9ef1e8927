// Connections that notice what time other servers say it is, by the `Date` of their answers (RFC 9110 section 6.6.1).
import type { Agent, Dispatcher } from 'undici';
import { systemClock } from '../../clock.ts';
import { OutboundAgent } from '../../outbound/agent.ts';

export interface ServerTime {
  readonly host: string;
  /** Milliseconds by which this machine is ahead. `Date` is in whole seconds, so up to 1 s says nothing. */
  readonly aheadMs: number;
}

export class WatchedAgent extends OutboundAgent {
  readonly times: ServerTime[] = [];

  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { host } = new URL(String(options.origin));
    const proceed = handler.onResponseStart?.bind(handler);
    handler.onResponseStart = (controller, status, headers, message) => {
      const at = Date.parse(String(headers['date'] ?? ''));
      if (!Number.isNaN(at)) this.times.push({ host, aheadMs: systemClock.now() - at });
      proceed?.(controller, status, headers, message);
    };
    return super.dispatch(options, handler);
  }
}
