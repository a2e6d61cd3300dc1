import { type BusPacket, busSignaling } from "./bus.js";
import type { Signaling } from "./signaling.js";

/**
 * Signalling inside one process, for tests and for agents that live together. All who share what this returns and join
 * the same room meet.
 *
 * @example
 * const signaling = memorySignaling();
 * const [a, b] = await Promise.all([joinRoom({ signaling, room: "lab" }), joinRoom({ signaling, room: "lab" })]);
 */
export function memorySignaling(): Signaling {
  const rooms = new Map<string, Map<string, (packet: BusPacket) => void>>();
  return busSignaling((room, { join }, receive) => {
    const members = rooms.get(room) ?? new Map<string, (packet: BusPacket) => void>();
    rooms.set(room, members);
    members.set(join, receive);
    return {
      address: "memory:",
      post(packet) {
        for (const [member, deliver] of members) {
          // Later, as every other bus: nobody is called back inside their own call.
          if (member !== join) queueMicrotask(() => members.get(member) === deliver && deliver(packet));
        }
      },
      close() {
        members.delete(join);
        if (members.size === 0 && rooms.get(room) === members) rooms.delete(room);
      },
    };
  });
}
