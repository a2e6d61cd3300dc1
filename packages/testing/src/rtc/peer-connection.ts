import { fragmentOfCandidate, type IceCandidate, readCandidate, writeCandidate } from "../core/candidates.js";
import { emptyDescription, readDescription, type SessionDescription, writeDescription } from "../core/description.js";
import type { Host } from "../network/host.js";
import type { Process } from "../world/process.js";
import { type ChannelWord, type ChannelWorld, SimDataChannel } from "./data-channel.js";
import { IceAgent } from "./ice-agent.js";
import type { EngineProfile } from "./profile.js";
import { type SecurePacket, SecureTransport } from "./secure-transport.js";

/** Where a connection lives, and who listens in. */
export interface ConnectionWorld {
  readonly process: Process;
  readonly host: Host;
  readonly profile: EngineProfile;
  /** Each message that a channel is given to send. */
  readonly sent: (connection: SimPeerConnection, channel: number, message: Uint8Array) => void;
  readonly opened: (connection: SimPeerConnection) => void;
  readonly closed: (connection: SimPeerConnection) => void;
}

interface ChannelPacket {
  readonly sctp: number;
  readonly packet: ChannelWord;
}

/** A description, as this engine makes them. */
export type Made = { readonly type: "offer" | "answer"; readonly sdp: string };

/** A candidate of our own, as an event tells it. */
export interface Found {
  readonly candidate: string;
  readonly sdpMid: string;
  readonly sdpMLineIndex: number;
  readonly usernameFragment: string | null;
}

/** How long an operation may take. */
const operationMs = 2;

/**
 * As much of an RTCPeerConnection (W3C webrtc-pc) as data channels take that both sides negotiated: signalling states, implicit
 * rollback, trickled candidates, restart. Each operation takes a moment, so that others come in between.
 */
export class SimPeerConnection extends EventTarget {
  onicecandidate: ((event: { readonly candidate: object | null }) => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  onsignalingstatechange: (() => void) | null = null;
  iceGatheringState: RTCIceGatheringState = "new";
  protected readonly world: ConnectionWorld;
  readonly #ice: IceAgent;
  readonly #secure: SecureTransport;
  readonly #fingerprint: string;
  readonly #channels = new Map<number, SimDataChannel>();
  readonly #found: string[] = [];
  #signalingState: RTCSignalingState = "stable";
  #connectionState: RTCPeerConnectionState = "new";
  #current: { local: Made | null; remote: Made | null } = { local: null, remote: null };
  #pending: { readonly side: "local" | "remote"; readonly description: Made } | undefined;
  #credentials: { readonly fragment: string; readonly password: string };
  /** Of an offer that isn't in force yet. */
  #next: { readonly fragment: string; readonly password: string } | undefined;
  /** The fragment that candidates were gathered for. */
  #gathered: string | undefined;
  /** Whose offer was the first that was answered. */
  #controls: "we" | "they" | "nobody yet" = "nobody yet";

  constructor(world: ConnectionWorld, configuration: RTCConfiguration = {}) {
    super();
    this.world = world;
    const { process, host, profile } = world;
    this.#fingerprint = fingerprintOf(process.random.bytes(32));
    this.#credentials = this.#freshCredentials();
    this.#ice = new IceAgent(process, host, configuration.iceServers ?? [], profile, {
      found: (candidate) => this.#foundCandidate(candidate),
      gathered: () => this.#finishGathering(),
      stateChanged: () => this.#followIce(),
      selected: () => this.#secure.start(),
      received: (payload) => this.#receive(payload as SecurePacket | ChannelPacket),
    });
    this.#secure = new SecureTransport(process, this.#fingerprint, {
      transmit: (packet, bytes) => this.#ice.send(packet, bytes),
      opened: () => this.#openChannels(),
      refused: () => this.#fail(),
      closed: () => this.peerClosed(),
    });
    world.opened(this);
  }

  setConfiguration({ iceServers = [] }: RTCConfiguration): void {
    this.#ice.setServers(iceServers);
  }

  get signalingState(): RTCSignalingState {
    return this.#signalingState;
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#connectionState;
  }

  get iceConnectionState(): RTCIceConnectionState {
    return this.#ice.state;
  }

  get localDescription(): Made | null {
    const made = this.#pending?.side === "local" ? this.#pending.description : this.#current.local;
    return made && { ...made, sdp: this.#withCandidates(made.sdp) };
  }

  get remoteDescription(): Made | null {
    return this.#remote;
  }

  /** @internal What waits in its fullest channel. */
  get bufferedBytes(): number {
    let most = 0;
    for (const channel of this.#channels.values()) most = Math.max(most, channel.bufferedAmount);
    return most;
  }

  /** @throws {DOMException} `NotSupportedError` for a channel that isn't pre-negotiated: those aren't simulated. */
  createDataChannel(label: string, init: RTCDataChannelInit = {}): SimDataChannel {
    this.#mustBeOpen();
    const { negotiated, id } = init;
    if (negotiated !== true || id === undefined) {
      throw new DOMException("Only channels that are negotiated beforehand are simulated.", "NotSupportedError");
    }
    if (this.#channels.has(id)) throw new DOMException(`There is a channel ${id}.`, "OperationError");
    const channel = new SimDataChannel(this.#channelWorld(), label, { ...init, id });
    this.#channels.set(id, channel);
    if (this.#secure.phase === "open") this.world.process.clock.after(0, () => channel.open());
    return channel;
  }

  createOffer(options: RTCOfferOptions = {}): Promise<Made> {
    return this.#operate(() => this.makeOffer(options));
  }

  createAnswer(): Promise<Made> {
    return this.#operate(() => this.makeAnswer());
  }

  setLocalDescription(description: Made): Promise<void> {
    return this.#operate(() => this.applyLocal(description));
  }

  setRemoteDescription(description: Made): Promise<void> {
    return this.#operate(() => this.applyRemote(description));
  }

  addIceCandidate(candidate?: { candidate?: string } | null): Promise<void> {
    return this.#operate(() => {
      const line = candidate?.candidate;
      const isEnd = line === undefined || line === "";
      if (isEnd && this.world.profile.earlyEnd === "taken") return;
      const remote = this.#remote;
      if (remote === null) throw new DOMException("There is no remote description.", "InvalidStateError");
      if (!isEnd) this.#takeCandidate(line, remote);
    });
  }

  getStats(): Promise<Map<string, object>> {
    const selected = this.#ice.selected;
    const entries =
      selected === undefined
        ? []
        : [
            { id: "T", type: "transport", selectedCandidatePairId: "P" },
            { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", nominated: true },
            { id: "L", type: "local-candidate", candidateType: selected.local },
            { id: "R", type: "remote-candidate", candidateType: selected.remote },
          ];
    return Promise.resolve(new Map(entries.map((entry) => [entry.id, entry])));
  }

  close(): void {
    if (this.#signalingState === "closed") return;
    this.#signalingState = "closed";
    this.#secure.close();
    this.#ice.close();
    this.#connectionState = "closed";
    // Its own side is told nothing (W3C webrtc-pc §4.4.2), its channels are. Trap: a moment later, and are open until then.
    for (const channel of this.#channels.values()) channel.doom();
    this.world.closed(this);
  }

  /** @internal The host has another address. */
  addressChanged(): void {
    if (this.world.profile.diesWithAddress && this.#secure.phase === "open") this.#endChannels();
  }

  protected makeOffer(options: RTCOfferOptions = {}): Made {
    this.#allow("stable", "have-local-offer");
    if (this.#channels.size === 0) return { type: "offer", sdp: emptyDescription };
    const restarts = options.iceRestart === true && this.world.profile.restart && this.#current.local !== null;
    this.#next = restarts ? this.#freshCredentials() : undefined;
    // An established connection keeps its DTLS roles, and still offers both (RFC 8842 §5.5).
    return { type: "offer", sdp: this.#write(this.#next ?? this.#credentials, "actpass") };
  }

  protected makeAnswer(): Made {
    const offer = this.#pending?.side === "remote" ? readDescription(this.#pending.description.sdp) : undefined;
    if (offer === undefined) throw new DOMException("There is no offer to answer.", "InvalidStateError");
    const chosen = offer.setup === "active" ? "passive" : "active";
    const before = this.#current.remote && readDescription(this.#current.remote.sdp);
    const restarts = before !== null && before !== undefined && before.fragment !== offer.fragment;
    this.#next = restarts ? this.#freshCredentials() : undefined;
    return { type: "answer", sdp: this.#write(this.#next ?? this.#credentials, this.#secure.role ?? chosen) };
  }

  protected applyLocal(description: Made): void {
    const ours = parse(description);
    if (description.type === "offer") this.#allow("stable", "have-local-offer");
    else this.#allow("have-remote-offer");
    this.#credentials = { fragment: ours.fragment, password: ours.password };
    this.#next = undefined;
    if (description.type === "answer")
      this.#settle({ local: description, remote: this.#takePending("remote") }, "they");
    else this.#pending = { side: "local", description };
    this.#enterSignaling(description.type === "offer" ? "have-local-offer" : "stable");
    this.#gather(ours.fragment, description.type === "offer" ? "we" : "they");
    if (description.type === "answer") this.#begin();
  }

  protected applyRemote(description: Made): void {
    const theirs = parse(description);
    if (description.type === "answer") {
      this.#allow("have-local-offer");
      this.#settle({ local: this.#takePending("local"), remote: description }, "we");
      this.#enterSignaling("stable");
      this.#begin();
    } else this.#takeOffer(description);
    this.#ice.setRemote(theirs.fragment);
    for (const line of theirs.candidates) this.#addCandidate(line);
  }

  /** The other side closed the association. */
  protected peerClosed(): void {
    this.#endChannels();
  }

  /** A message for a channel of this connection, which is closed: it is lost. */
  protected sentInVain(): void {}

  protected tellSignaling(): void {
    this.onsignalingstatechange?.();
  }

  protected tellCandidate(candidate: Found | null): void {
    this.onicecandidate?.({ candidate });
  }

  protected become(state: RTCPeerConnectionState): void {
    if (state === this.#connectionState || this.#connectionState === "closed") return;
    this.#connectionState = state;
    this.onconnectionstatechange?.();
  }

  get #remote(): Made | null {
    return this.#pending?.side === "remote" ? this.#pending.description : this.#current.remote;
  }

  #operate<Result>(work: () => Result): Promise<Result> {
    const { process } = this.world;
    if (this.#signalingState === "closed") {
      return Promise.reject(new DOMException("The connection is closed.", "InvalidStateError"));
    }
    return new Promise((resolve, reject) => {
      process.clock.after(process.random.between(0, operationMs), () => {
        // One that is closed meanwhile never answers (W3C webrtc-pc §4.4.1.2).
        if (this.#signalingState === "closed") return;
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #takeOffer(description: Made): void {
    const { profile } = this.world;
    if (this.#signalingState === "have-local-offer") {
      // Trap: node-datachannel takes it without a word, as if it had rolled back.
      this.#pending = undefined;
      this.#credentials = this.#current.local === null ? this.#credentials : fragmentsOf(this.#current.local);
    } else this.#allow("stable", "have-remote-offer");
    const { remote } = this.#current;
    if (remote !== null && !profile.restart && fragmentsOf(remote).fragment !== fragmentsOf(description).fragment) {
      throw new DOMException("This engine doesn't restart.", "InvalidStateError");
    }
    this.#pending = { side: "remote", description };
    this.#enterSignaling("have-remote-offer");
  }

  #takePending(side: "local" | "remote"): Made {
    if (this.#pending?.side !== side) throw new DOMException("There is no offer.", "InvalidStateError");
    return this.#pending.description;
  }

  #settle(current: { local: Made; remote: Made }, offerer: "we" | "they"): void {
    this.#current = current;
    this.#pending = undefined;
    if (this.#controls === "nobody yet") this.#controls = offerer;
  }

  #gather(fragment: string, offerer: "we" | "they"): void {
    const controls = this.#controls === "nobody yet" ? offerer : this.#controls;
    if (fragment !== this.#gathered) {
      this.#gathered = fragment;
      this.iceGatheringState = "gathering";
      this.#found.length = 0;
      this.onicegatheringstatechange?.();
    }
    this.#ice.setLocal(fragment, controls === "we" ? "controlling" : "controlled");
  }

  /** Both descriptions are in place. */
  #begin(): void {
    const [local, remote] = [this.#current.local, this.#current.remote].map(
      (made) => made && readDescription(made.sdp),
    );
    if (local === null || local === undefined || remote === null || remote === undefined) return;
    this.#ice.setRole(this.#controls === "we" ? "controlling" : "controlled");
    const answer = this.#current.local?.type === "answer" ? local.setup : opposite(remote.setup);
    this.#secure.prepare(answer === "active" ? "active" : "passive", remote.fingerprint);
    if (this.#ice.selected !== undefined) this.#secure.start();
  }

  #takeCandidate(line: string, { sdp }: Made): void {
    const { strayCandidate, unreadableCandidate } = this.world.profile;
    const fragment = fragmentOfCandidate(line);
    const isStray = fragment !== undefined && fragment !== readDescription(sdp)?.fragment;
    if (isStray && strayCandidate === "ignored") return;
    if (isStray) throw new DOMException("This candidate is of another description.", "OperationError");
    if (readCandidate(line) === undefined && unreadableCandidate === "ignored") return;
    this.#addCandidate(line);
  }

  #addCandidate(line: string): void {
    const candidate = readCandidate(line);
    if (candidate === undefined) throw new DOMException("This is no candidate.", "OperationError");
    this.#ice.addRemote(candidate);
  }

  #foundCandidate(candidate: IceCandidate): void {
    const { fragment } = this.#credentials;
    const line = writeCandidate(candidate, fragment);
    this.#found.push(line);
    this.world.process.clock.after(0, () => {
      if (this.#signalingState === "closed") return;
      this.tellCandidate({ candidate: line, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: fragment });
    });
  }

  #finishGathering(): void {
    this.world.process.clock.after(0, () => {
      if (this.#signalingState === "closed") return;
      this.iceGatheringState = "complete";
      this.onicegatheringstatechange?.();
      this.tellCandidate(null);
    });
  }

  #receive(payload: SecurePacket | ChannelPacket): void {
    if ("dtls" in payload) return this.#secure.receive(payload);
    this.#secure.noteData();
    if (this.#secure.phase === "open") this.#channels.get(payload.sctp)?.receive(payload.packet);
  }

  #followIce(): void {
    const { state } = this.#ice;
    this.oniceconnectionstatechange?.();
    if (state === "failed") return this.become("failed");
    if (state === "disconnected") return this.become("disconnected");
    if (state === "connected") return this.become(this.#secure.phase === "open" ? "connected" : "connecting");
    if (state === "checking" && this.#connectionState === "new") this.become("connecting");
  }

  #openChannels(): void {
    this.become("connected");
    for (const channel of [...this.#channels.values()]) channel.open();
  }

  #fail(): void {
    this.#endChannels();
    this.become("failed");
  }

  #endChannels(): void {
    for (const channel of [...this.#channels.values()]) channel.end();
  }

  #enterSignaling(state: RTCSignalingState): void {
    if (state === this.#signalingState) return;
    this.#signalingState = state;
    this.tellSignaling();
  }

  #channelWorld(): ChannelWorld {
    return {
      process: this.world.process,
      profile: this.world.profile,
      transmit: (sctp, packet, bytes) => this.#ice.send({ sctp, packet } satisfies ChannelPacket, bytes),
      stuck: () => this.#endChannels(),
      sentInVain: () => this.sentInVain(),
      sent: (channel, message) => this.world.sent(this, channel, message),
    };
  }

  #write({ fragment, password }: { fragment: string; password: string }, setup: SessionDescription["setup"]): string {
    return writeDescription({ fragment, password, fingerprint: this.#fingerprint, setup, candidates: [] });
  }

  #withCandidates(sdp: string): string {
    return sdp + this.#found.map((line) => `a=${line}\r\n`).join("");
  }

  #freshCredentials(): { fragment: string; password: string } {
    const { random } = this.world.process;
    const word = (length: number) => [...random.bytes(length)].map((byte) => (byte % 36).toString(36)).join("");
    return { fragment: word(8), password: word(24) };
  }

  #allow(...states: RTCSignalingState[]): void {
    this.#mustBeOpen();
    if (states.includes(this.#signalingState)) return;
    throw new DOMException(`Not while the signalling state is ${this.#signalingState}.`, "InvalidStateError");
  }

  #mustBeOpen(): void {
    if (this.#signalingState === "closed") throw new DOMException("The connection is closed.", "InvalidStateError");
  }
}

function parse({ type, sdp }: Made): SessionDescription {
  const description = readDescription(sdp);
  if (description === undefined) throw new DOMException(`This ${type} can't be read.`, "OperationError");
  return description;
}

function fragmentsOf(made: Made): { fragment: string; password: string } {
  const { fragment, password } = parse(made);
  return { fragment, password };
}

function opposite(setup: SessionDescription["setup"]): SessionDescription["setup"] {
  return setup === "active" ? "passive" : "active";
}

function fingerprintOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
