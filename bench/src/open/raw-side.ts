import type { Meeting, Side } from "./side.ts";

/** What the two say to each other through the relay, as JSON. */
type Signal =
  | { readonly type: "description"; readonly description: RTCSessionDescriptionInit }
  | { readonly type: "candidate"; readonly candidate: RTCIceCandidateInit };

/**
 * The least code that opens a data channel between two: what an app would have to write, and nothing of what it would have
 * to handle. The newcomer offers.
 */
export class RawSide implements Side {
  readonly #meeting: Meeting;
  readonly #connection: RTCPeerConnection;
  #relay: WebSocket | undefined;
  /** Signals are taken one after the other. */
  #inbox: Promise<void> = Promise.resolve();
  /** Candidates that wait for their description to go out first. */
  #early: Signal[] | undefined = [];

  constructor(meeting: Meeting, PeerConnection: new () => RTCPeerConnection) {
    this.#meeting = meeting;
    this.#connection = new PeerConnection();
    this.#connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) return;
      const signal: Signal = { type: "candidate", candidate: candidate.toJSON() };
      if (this.#early === undefined) this.#send(signal);
      else this.#early.push(signal);
    };
  }

  async wait(): Promise<void> {
    this.#connection.ondatachannel = ({ channel }) => {
      const greet = () => channel.send("hello");
      if (channel.readyState === "open") greet();
      else channel.onopen = greet;
    };
    await this.#connect();
  }

  async enter(): Promise<number> {
    const startedMs = performance.now();
    await this.#connect();
    const channel = this.#connection.createDataChannel("bench");
    const greeted = new Promise<number>((resolve) => {
      channel.onmessage = () => resolve(performance.now() - startedMs);
    });
    await this.#describe(await this.#connection.createOffer());
    return greeted;
  }

  async leave(): Promise<void> {
    this.#connection.close();
    this.#relay?.close();
  }

  #connect(): Promise<void> {
    const { url, room } = this.#meeting;
    const relay = new WebSocket(`${url}/${room}`);
    this.#relay = relay;
    relay.onmessage = ({ data }) => {
      this.#inbox = this.#inbox.then(() => this.#receive(JSON.parse(data)));
    };
    return new Promise((resolve, reject) => {
      relay.onopen = () => resolve();
      relay.onerror = () => reject(new Error(`No relay answers at ${url}.`));
    });
  }

  async #receive(signal: Signal): Promise<void> {
    if (signal.type === "candidate") return this.#connection.addIceCandidate(signal.candidate);
    await this.#connection.setRemoteDescription(signal.description);
    if (signal.description.type === "offer") await this.#describe(await this.#connection.createAnswer());
  }

  async #describe(description: RTCSessionDescriptionInit): Promise<void> {
    await this.#connection.setLocalDescription(description);
    this.#send({ type: "description", description: { type: description.type, sdp: description.sdp ?? "" } });
    for (const signal of this.#early ?? []) this.#send(signal);
    this.#early = undefined;
  }

  #send(signal: Signal): void {
    if (this.#relay?.readyState === WebSocket.OPEN) this.#relay.send(JSON.stringify(signal));
  }
}
