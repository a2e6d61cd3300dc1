import { type Bus, type BusMember, type BusPacket, busSignaling } from "./bus.js";
import type { Signaling } from "./signaling.js";

/**
 * Signalling between the tabs and workers of one origin in one browser, without a server. (In Node: between the threads
 * of one process.)
 *
 * A tab that crashes is noticed where the platform has Web Locks: each member holds a lock that ends with it.
 */
export function broadcastChannelSignaling(): Signaling {
  return busSignaling(async (room, member, receive) => {
    // Held before anyone hears of us: whoever watches for its end must find it held.
    const release = await holdLock(lockName(room, member));
    const channel = new BroadcastChannel(`skein.1 ${room}`);
    channel.onmessage = ({ data }) => {
      if (isBusPacket(data)) receive(data);
    };
    const watching = new AbortController();
    const bus: Bus = {
      address: "tabs of this browser",
      post: (packet) => channel.postMessage(packet),
      watch(other, vanished) {
        whenReleased(lockName(room, other), vanished, watching.signal);
      },
      close() {
        release();
        watching.abort();
        // What was posted last still goes out: closing a channel doesn't take back its messages.
        channel.close();
      },
    };
    return bus;
  });
}

/** Other code of the origin may use the channel's name: what isn't ours is passed over. */
function isBusPacket(data: unknown): data is BusPacket {
  if (typeof data !== "object" || data === null) return false;
  const { to, packet } = data as Partial<BusPacket>;
  return packet instanceof Uint8Array && (to === undefined || typeof to === "string");
}

function lockName(room: string, { id, join }: BusMember): string {
  return `skein.1 ${id} ${join} ${room}`;
}

/** Resolves once the lock is held, or at once where there are none; gives what releases it. */
function holdLock(name: string): Promise<() => void> {
  const locks = navigatorLocks();
  if (locks === undefined) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    locks
      .request(name, () => new Promise<void>((release) => resolve(release)))
      // A page that may not use locks (an opaque origin) does without.
      .catch(() => resolve(() => {}));
  });
}

function whenReleased(name: string, released: () => void, signal: AbortSignal): void {
  navigatorLocks()
    ?.request(name, { mode: "shared", signal }, released)
    .catch(() => {});
}

function navigatorLocks(): LockManager | undefined {
  return (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
}
