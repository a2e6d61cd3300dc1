import { joinRelay, type RelayClient } from "./relay-client.ts";

/** What the two say to each other through the relay. */
type Signal =
  | { readonly type: "description"; readonly description: RTCSessionDescriptionInit }
  | { readonly type: "candidate"; readonly candidate: RTCIceCandidateInit };

/**
 * The least code that opens a data channel between two: what an app would have to write, and nothing of what it would have
 * to handle. The newcomer offers.
 */
export class RawConnection {
  readonly #connection: RTCPeerConnection;
  readonly #address: string;
  #relay: RelayClient | undefined;
  /** Signals are taken one after the other. */
  #inbox: Promise<void> = Promise.resolve();
  /** Candidates that wait for their description to go out first. */
  #early: Signal[] | undefined = [];

  /** `address` is the relay's, and a path of the two's own. */
  constructor(address: string, PeerConnection: new () => RTCPeerConnection) {
    this.#address = address;
    this.#connection = new PeerConnection();
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) return;
      const signal: Signal = { type: "candidate", candidate: candidate.toJSON() };
      if (this.#early === undefined) this.#relay?.send(signal);
      else this.#early.push(signal);
    };
  }

  /** Resolves when the other may come. */
  async connect(): Promise<void> {
    this.#relay = await joinRelay(this.#address, (said) => {
      this.#inbox = this.#inbox.then(() => this.#receive(said as Signal));
    });
  }

  /** Takes the channel that the other offers; it may be not open yet. Call it before the other comes. */
  accept(): Promise<RTCDataChannel> {
    return new Promise((resolve) => {
      this.#connection.ondatachannel = ({ channel }) => resolve(channel);
    });
  }

  /** Offers a channel to the one that is there; it opens later. */
  async offer(): Promise<RTCDataChannel> {
    const channel = this.#connection.createDataChannel("bench");
    await this.#describe(await this.#connection.createOffer());
    return channel;
  }

  close(): void {
    this.#connection.close();
    this.#relay?.close();
  }

  async #receive(signal: Signal): Promise<void> {
    // node-datachannel refuses one now and then ("without ICE transport"). One that gets through is enough.
    if (signal.type === "candidate") return this.#connection.addIceCandidate(signal.candidate).catch(() => {});
    await this.#connection.setRemoteDescription(signal.description);
    if (signal.description.type === "offer") await this.#describe(await this.#connection.createAnswer());
  }

  async #describe(description: RTCSessionDescriptionInit): Promise<void> {
    await this.#connection.setLocalDescription(description);
    this.#relay?.send({ type: "description", description: { type: description.type, sdp: description.sdp ?? "" } });
    for (const signal of this.#early ?? []) this.#relay?.send(signal);
    this.#early = undefined;
  }
}
