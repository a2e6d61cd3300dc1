import type { Engine, NetworkWatch } from "@skein/client";

/** What all connections of an engine hang on. */
export interface Wire {
  /** Frames vanish, and no engine tells: a cable pulled behind the next switch. */
  isCut: boolean;
  /** No candidate of the other side is heard of, so attempts stay in checking: a firewall that lets no UDP through. */
  isBlocked: boolean;
}

/** The same engine, on a wire that a bench can cut. */
export function cuttable(engine: Engine, wire: Wire): Engine {
  const { RTCPeerConnection } = engine;
  return {
    ...engine,
    RTCPeerConnection: class extends RTCPeerConnection {
      override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
        const channel = super.createDataChannel(label, options);
        const send = channel.send.bind(channel) as (frame: unknown) => void;
        return Object.assign(channel, {
          send(frame: unknown) {
            if (!wire.isCut) send(frame);
          },
        });
      }

      override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
        return wire.isBlocked ? Promise.resolve() : super.addIceCandidate(candidate);
      }

      override setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
        const heard = wire.isBlocked ? sdp.replace(/^a=candidate:.*\r\n/gm, "") : sdp;
        return super.setRemoteDescription({ type, sdp: heard });
      }
    },
  };
}

/** A platform that tells of a change of network when a bench says so. */
export class ToldNetwork implements NetworkWatch {
  readonly isOnline = true;
  readonly #listeners = new Set<(reason: string) => void>();

  watch(listener: (reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(): void {
    for (const listener of [...this.#listeners]) listener("the network changed");
  }
}
