// What a simulated process reaches outside of itself: the disk of its machine, the network, and the place where its requests
// come in. The substitutes of Node's modules and of client libraries use nothing else.
import type { Disk } from './disk.ts';
import type { Front } from './front.ts';
import type { Network } from './network.ts';
import type { RedisServer } from './redis-server.ts';
import type { StandardOutput } from './standard-output.ts';

export interface Surroundings {
  readonly disk: Disk;
  readonly stdout: StandardOutput | undefined;
  readonly network: Network;
  readonly redis: RedisServer | undefined;
  /** Set when the gateway has been put together. */
  front: Front | undefined;
}
