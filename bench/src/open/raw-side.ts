import { RawConnection } from "./raw-connection.ts";
import type { Meeting, OpenTimes, Side } from "./side.ts";

/** A data channel and nothing above it, on which whoever was there says hello. */
export class RawSide implements Side {
  readonly #connection: RawConnection;

  constructor({ url, room }: Meeting, PeerConnection: new () => RTCPeerConnection) {
    this.#connection = new RawConnection(`${url}/${room}`, PeerConnection);
  }

  async wait(): Promise<void> {
    void this.#connection.accept().then((channel) => {
      const greet = () => channel.send("hello");
      if (channel.readyState === "open") greet();
      else channel.onopen = greet;
    });
    await this.#connection.connect();
  }

  async enter(): Promise<OpenTimes> {
    const startedMs = performance.now();
    await this.#connection.connect();
    // The relay tells nobody who is there: it is taken for granted.
    const seenMs = performance.now();
    const channel = await this.#connection.offer();
    return new Promise((resolve) => {
      channel.onmessage = () => resolve({ openMs: performance.now() - startedMs, linkMs: performance.now() - seenMs });
    });
  }

  async leave(): Promise<void> {
    this.#connection.close();
  }
}
