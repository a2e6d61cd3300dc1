import type { Candidate } from "@skein/protocol";
import { fragmentOf } from "../core/negotiation.js";
import type { Engine } from "./engine.js";

type DescriptionInit = { readonly type: "offer" | "answer"; readonly sdp: string };

/**
 * Where fake connections meet. Two open their channels once each has the other's description, one of which is an offer
 * that the other answered; calls in an order that no engine takes are refused and kept in `violations`. With rollback come
 * restarts.
 */
export class FakeNetwork {
  readonly connections: FakeConnection[] = [];
  readonly violations: string[] = [];
  /** Frames vanish, and nobody is told. */
  isCut = false;
  /** New connections are refused by the platform. */
  refuses: Error | undefined;
  /** What becomes of channels for the lossy lane: they open behind the other, or never, or can't be made. */
  lossyChannels: "open" | "stay closed" | "throw" = "open";
  /** Engines take no other configuration than the first. */
  keepsConfigurations = false;
  #fragments = 0;

  /** What was open carries nothing any more, and no engine tells. Restarted, it carries on, from where it was: SCTP repeats. */
  breakWays(): void {
    for (const connection of this.open) connection.way = "broken";
  }

  /** An engine whose connections are of this network. */
  engine(options: { kind?: string; rollback?: boolean } = {}): Engine {
    const network = this;
    const { kind = "fake", rollback = true } = options;
    const RTCPeerConnection = class extends FakeConnection {
      constructor(configuration: RTCConfiguration) {
        if (network.refuses !== undefined) throw network.refuses;
        super(network, rollback, configuration);
        network.connections.push(this);
      }
    };
    return {
      kind,
      rollback,
      restart: rollback,
      RTCPeerConnection: RTCPeerConnection as unknown as Engine["RTCPeerConnection"],
    };
  }

  /** Connections that weren't closed. */
  get open(): FakeConnection[] {
    return this.connections.filter(({ connectionState }) => connectionState !== "closed");
  }

  nextFragment(): string {
    return `f${++this.#fragments}`;
  }

  violate(what: string): Error {
    this.violations.push(what);
    return new Error(what);
  }

  /** Opens whatever has come to match. */
  match(one: FakeConnection): void {
    const other = this.open.find((candidate) => candidate !== one && areMatched(one, candidate));
    if (other === undefined) return;
    one.other = other;
    other.other = one;
    for (const connection of [one, other]) connection.mend();
    queueMicrotask(() => {
      for (const { channel } of [one, other]) channel?.open();
      if (this.lossyChannels === "open") for (const { lossyChannel } of [one, other]) lossyChannel?.open();
    });
  }
}

function areMatched(a: FakeConnection, b: FakeConnection): boolean {
  return (
    a.localDescription !== null &&
    a.localDescription.sdp === b.remoteDescription?.sdp &&
    b.localDescription?.sdp === a.remoteDescription?.sdp &&
    a.localDescription.type !== b.localDescription?.type &&
    // It takes candidates of both sides to connect.
    [a, b].every(({ candidates, remoteDescription }) =>
      candidates.includes(`candidate:${fragmentOf(remoteDescription?.sdp ?? "")}`),
    )
  );
}

/** As much of an RTCPeerConnection as a direct path uses. */
export class FakeConnection {
  configuration: RTCConfiguration;
  readonly candidates: string[] = [];
  localDescription: DescriptionInit | null = null;
  remoteDescription: DescriptionInit | null = null;
  connectionState: "new" | "connected" | "disconnected" | "failed" | "closed" = "new";
  iceConnectionState: "new" | "connected" | "disconnected" = "new";
  iceGatheringState: "new" | "complete" = "new";
  channel: FakeChannel | undefined;
  lossyChannel: FakeChannel | undefined;
  other: FakeConnection | undefined;
  way: "none" | "open" | "broken" = "none";
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  readonly #network: FakeNetwork;
  readonly #rollback: boolean;
  /** Our offer, until it is answered. */
  #pending: DescriptionInit | undefined;
  readonly #stuck: (() => void)[] = [];

  constructor(network: FakeNetwork, rollback: boolean, configuration: RTCConfiguration) {
    this.#network = network;
    this.#rollback = rollback;
    this.configuration = configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    if (this.#network.keepsConfigurations) throw new DOMException("not this one", "InvalidModificationError");
    this.configuration = configuration;
  }

  createDataChannel(_label: string, options: RTCDataChannelInit): FakeChannel {
    const { negotiated, id, maxRetransmits } = options;
    if (negotiated !== true || (id !== 0 && id !== 1)) throw this.#network.violate("a channel that isn't negotiated");
    if ((id === 1) !== (maxRetransmits === 3))
      throw this.#network.violate("a channel that is lossy, or isn't, by mistake");
    if (this.localDescription !== null) throw this.#network.violate("a channel behind its description");
    return id === 0 ? this.#createChannel() : this.#createLossyChannel();
  }

  #createChannel(): FakeChannel {
    this.channel = new FakeChannel(this, "channel");
    return this.channel;
  }

  #createLossyChannel(): FakeChannel {
    if (this.#network.lossyChannels === "throw") throw new Error("OperationError");
    this.lossyChannel = new FakeChannel(this, "lossyChannel");
    return this.lossyChannel;
  }

  async createOffer(options?: RTCOfferOptions): Promise<DescriptionInit> {
    if (this.channel === undefined) throw this.#network.violate("an offer without a channel");
    const isUsed = this.localDescription !== null;
    if (isUsed !== (options?.iceRestart === true)) throw this.#network.violate("an offer that restarts nothing");
    if (isUsed && !this.#rollback) throw this.#network.violate("a restart that the engine can't make");
    return { type: "offer", sdp: `v=0\r\na=ice-ufrag:${this.#network.nextFragment()}\r\n` };
  }

  async createAnswer(): Promise<DescriptionInit> {
    if (this.remoteDescription?.type !== "offer") throw this.#network.violate("an answer without an offer");
    const answered = fragmentOf(this.remoteDescription.sdp);
    return { type: "answer", sdp: `v=0\r\na=ice-ufrag:${this.#network.nextFragment()}\r\na=answers:${answered}\r\n` };
  }

  async setLocalDescription(description: DescriptionInit): Promise<void> {
    this.#mustBeOpen();
    this.localDescription = description;
    this.#pending = description.type === "offer" ? description : undefined;
    const usernameFragment = fragmentOf(description.sdp);
    queueMicrotask(() => {
      const candidate = { candidate: `candidate:${usernameFragment}`, sdpMid: "0", usernameFragment };
      this.onicecandidate?.({ candidate });
      this.iceGatheringState = "complete";
      this.onicegatheringstatechange?.();
    });
    this.#network.match(this);
  }

  async setRemoteDescription(description: DescriptionInit): Promise<void> {
    this.#mustBeOpen();
    const hasOffered = this.#pending !== undefined;
    if (description.type === "offer") {
      if (this.remoteDescription !== null && !this.#rollback)
        throw this.#network.violate("a restart, without rollback");
      if (hasOffered && !this.#rollback) throw this.#network.violate("an offer where one is out, without rollback");
      this.localDescription = null;
    } else {
      if (!hasOffered) throw this.#network.violate("an answer where no offer is out");
      const offered = fragmentOf(this.#pending?.sdp ?? "");
      if (!description.sdp.includes(`a=answers:${offered}\r\n`))
        throw this.#network.violate("an answer to another offer");
    }
    this.#pending = undefined;
    this.remoteDescription = description;
    this.#network.match(this);
  }

  async addIceCandidate(candidate?: { candidate: string } & Partial<Candidate>): Promise<void> {
    this.#mustBeOpen();
    if (this.remoteDescription === null) throw this.#network.violate("candidates before the remote description");
    if (candidate === undefined) return;
    if (candidate.candidate !== `candidate:${fragmentOf(this.remoteDescription.sdp)}`) {
      throw this.#network.violate("a candidate of another description");
    }
    this.candidates.push(candidate.candidate);
    this.#network.match(this);
  }

  getStats(): Promise<RTCStatsReport> {
    const entries = [
      { id: "t", type: "transport", selectedCandidatePairId: "p" },
      { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r" },
      { id: "l", type: "local-candidate", candidateType: "host", address: "192.0.2.1" },
      { id: "r", type: "remote-candidate", candidateType: "srflx", address: "192.0.2.2" },
    ];
    const known = this.other === undefined ? [] : entries;
    return Promise.resolve(new Map(known.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport);
  }

  close(): void {
    if (this.connectionState === "closed") return;
    this.connectionState = "closed";
    const { other } = this;
    this.endChannels();
    if (!this.#network.isCut) queueMicrotask(() => other?.endChannels());
  }

  carry(place: "channel" | "lossyChannel", frame: ArrayBuffer): void {
    if (this.#network.isCut) return;
    const deliver = () => this.other?.[place]?.deliver(frame);
    if (this.way === "broken" || this.other?.way === "broken") this.#stuck.push(deliver);
    else queueMicrotask(deliver);
  }

  mend(): void {
    this.way = "open";
    for (const deliver of this.#stuck.splice(0)) queueMicrotask(deliver);
  }

  /** The engine says that it hears nothing, or hears again. */
  waver(state: "connected" | "disconnected"): void {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** The engine finds that the path is broken. */
  fail(): void {
    this.connectionState = "failed";
    this.onconnectionstatechange?.();
  }

  endChannels(): void {
    this.channel?.end();
    this.lossyChannel?.end();
  }

  #mustBeOpen(): void {
    if (this.connectionState === "closed") throw this.#network.violate("a call on a closed connection");
  }
}

/** One end of a data channel. */
export class FakeChannel extends EventTarget {
  readyState: "connecting" | "open" | "closed" = "connecting";
  binaryType = "blob";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;
  readonly #connection: FakeConnection;
  readonly #place: "channel" | "lossyChannel";

  constructor(connection: FakeConnection, place: "channel" | "lossyChannel") {
    super();
    this.#connection = connection;
    this.#place = place;
  }

  send(frame: Uint8Array): void {
    if (this.readyState !== "open") throw new Error("InvalidStateError");
    this.#connection.carry(this.#place, Uint8Array.from(frame).buffer);
  }

  deliver(data: unknown): void {
    if (this.readyState === "open") this.onmessage?.({ data });
  }

  open(): void {
    if (this.readyState !== "connecting") return;
    this.readyState = "open";
    this.onopen?.();
  }

  end(): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    this.onclose?.();
    this.dispatchEvent(new Event("close"));
  }
}
