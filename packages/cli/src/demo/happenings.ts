import type { PeerId } from "@skein/client";
import type { CrewListener } from "../crew/crew.js";

/** What the demo is told while it runs, for whoever shows it. */
export interface HappeningsListener extends CrewListener {
  /** A process ended that wasn't told to. */
  died?(name: string, how: string): void;
}

/** Passes on what happens to whoever listens by then: the crew is there before the terminal is. */
export class Happenings {
  #listener: HappeningsListener = {};

  listen(listener: HappeningsListener): void {
    this.#listener = listener;
  }

  died(name: string, how: string): void {
    this.#listener.died?.(name, how);
  }

  /** For the crew. */
  get asListener(): CrewListener {
    return {
      handedOver: (event) => this.#listener.handedOver?.(event),
      dropped: (event) => this.#listener.dropped?.(event),
      led: (leader) => this.#listener.led?.(leader),
      voted: (vote) => this.#listener.voted?.(vote),
      served: (event) => this.#listener.served?.(event),
    };
  }
}

/** Names members. */
export type Named = (id: PeerId) => string;
