import type { Candidate, IceServer } from "@skein/protocol";
import { limits, webSocketProtocol } from "@skein/protocol";
import { fragmentOf } from "../core/negotiation.js";
import type { Description, Engine } from "../engine/engine.js";
import { type DtlsRole, offerFor, oppositeRole, roleOf } from "./dtls-role.js";

/** Operations that may wait for the one before: an answer, and all candidates that are given for it one by one. */
const operationsMost = 1_024;

export interface ConnectionListener {
  offerMade(number: number, sdp: string): void;
  /** The answer to the offer of this number. */
  answerMade(number: number, sdp: string): void;
  candidatesFound(fragment: string, list: readonly Candidate[]): void;
  /** @param lossy the channel of the lossy lane, in whatever state: it may open later, or never. */
  channelOpened(channel: RTCDataChannel, lossy: RTCDataChannel | undefined): void;
  /** Whether the engine says that it is disconnected, where that changed. It may come back by itself. */
  wavered(isDisconnected: boolean): void;
  /** Of no more use, once, for a reason that people can read. Not called after {@link Connection.close}. */
  ended(reason: string): void;
}

/**
 * One RTCPeerConnection: a generation of the direct path.
 *
 * Its operations run one after the other, because every engine's do (W3C webrtc-pc §4.4.1.2 chains them; not all engines
 * follow). An operation that fails ends the connection: the next generation is a clean start.
 */
export class Connection {
  readonly #engine: Engine;
  readonly #iceServers: () => readonly IceServer[];
  /** Those that the engine has. */
  #given: readonly IceServer[];
  readonly #listener: ConnectionListener;
  readonly #rtc: RTCPeerConnection;
  #state: "running" | "closed" = "running";
  #operations: Promise<void> = Promise.resolve();
  #waiting = 0;
  #channel: RTCDataChannel | undefined;
  /** Ours, from the first answer on. */
  #role: DtlsRole | undefined;
  /** What the listener was told last. */
  #told: "connected" | "disconnected" = "connected";
  #found: { fragment: string; list: Candidate[] } | undefined;

  /** @param iceServers those of now: a restart may have others than the start. */
  constructor(engine: Engine, iceServers: () => readonly IceServer[], listener: ConnectionListener) {
    this.#engine = engine;
    this.#iceServers = iceServers;
    this.#given = iceServers();
    this.#listener = listener;
    this.#rtc = new engine.RTCPeerConnection(this.#configuration());
    this.#rtc.onicecandidate = ({ candidate }) => this.#handleCandidate(candidate);
    this.#rtc.onicegatheringstatechange = () => this.#handleGathering();
    this.#rtc.onconnectionstatechange = () => this.#handleState();
    this.#rtc.oniceconnectionstatechange = () => this.#handleState();
  }

  /** @param number above 0 it restarts ICE (W3C webrtc-pc §4.4.1.4): the offer has credentials of its own. */
  makeOffer(number: number): void {
    this.#enqueue("make an offer", async () => {
      // Trap: node-datachannel makes its offer when the channel is made, and no sooner.
      this.#openChannel();
      if (number > 0) this.#renewIceServers();
      const offer = await this.#rtc.createOffer(number > 0 ? { iceRestart: true } : undefined);
      if (this.#isClosed()) return;
      await this.#rtc.setLocalDescription(offer);
      this.#listener.offerMade(number, this.#localSdp(offer));
    });
  }

  makeAnswer(number: number, offer: string): void {
    this.#enqueue("answer an offer", async () => {
      // An answer to a restart gathers anew as well.
      this.#renewIceServers();
      await this.#rtc.setRemoteDescription(this.#adopt({ type: "offer", sdp: offerFor(this.#role, offer) }));
      // After the offer: a channel made before would make node-datachannel offer too.
      this.#openChannel();
      const answer = await this.#rtc.createAnswer();
      if (this.#isClosed()) return;
      await this.#rtc.setLocalDescription(answer);
      this.#role ??= roleOf(answer.sdp ?? "");
      this.#listener.answerMade(number, this.#localSdp(answer));
    });
  }

  takeAnswer(answer: string): void {
    this.#enqueue("take an answer", async () => {
      await this.#rtc.setRemoteDescription(this.#adopt({ type: "answer", sdp: answer }));
      this.#role ??= oppositeRole(roleOf(answer));
    });
  }

  addCandidates(list: readonly Candidate[]): void {
    this.#enqueue("add candidates", async () => {
      // A candidate that the engine can't read (a name it can't resolve, a family it lacks) costs only itself.
      if (list.length === 0) await this.#rtc.addIceCandidate().catch(() => {});
      for (const { c, mid } of list) {
        await this.#rtc.addIceCandidate({ candidate: c, sdpMid: mid }).catch(() => {});
      }
    });
  }

  /** Which way the frames go: candidate types of the pair in use, where the engine tells. */
  async selectedPair(): Promise<CandidatePair | undefined> {
    const report = await this.#rtc.getStats().catch(() => undefined);
    return report === undefined ? undefined : selectedPairOf(report);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#rtc.onicecandidate = null;
    this.#rtc.onicegatheringstatechange = null;
    this.#rtc.onconnectionstatechange = null;
    this.#rtc.oniceconnectionstatechange = null;
    if (this.#channel !== undefined) {
      this.#channel.onopen = null;
      this.#channel.onclose = null;
    }
    this.#rtc.close();
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #enqueue(what: string, operation: () => Promise<void>): void {
    // Only who describes and describes again gets here: later, since the step that asks for it is still under way.
    if (++this.#waiting > operationsMost) return queueMicrotask(() => this.#end("too much was asked of it at once"));
    this.#operations = this.#operations.then(async () => {
      this.#waiting--;
      if (this.#isClosed()) return;
      try {
        await operation();
      } catch (error) {
        // By name alone: the text may hold an address, and the reason travels to the peer.
        this.#end(`couldn't ${what} (${error instanceof Error ? error.name : typeof error})`);
      }
    });
  }

  #configuration(): RTCConfiguration {
    const iceServers = this.#iceServers();
    return {
      iceServers: (this.#engine.adoptIceServers?.(iceServers) ?? [...iceServers]) as RTCIceServer[],
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
      iceTransportPolicy: "all",
    };
  }

  /**
   * W3C webrtc-pc §4.4.1.6: they count from the next gathering on, which a restart begins. The credentials of the start may have expired. An
   * engine that can't take others goes on with those.
   */
  #renewIceServers(): void {
    const newest = this.#iceServers();
    if (JSON.stringify(newest) === JSON.stringify(this.#given)) return;
    this.#given = newest;
    try {
      this.#rtc.setConfiguration?.(this.#configuration());
    } catch {
      // It has a way already, and may well find another.
    }
  }

  /**
   * The description with the candidates found so far. node-datachannel has its host candidates by now, and an answerer
   * that knows them before it answers is ready for the DTLS handshake: 0.5 % of opens stall for a second instead of 4 %.
   */
  #localSdp(made: RTCSessionDescriptionInit): string {
    return this.#rtc.localDescription?.sdp || (made.sdp ?? "");
  }

  #adopt(description: Description): Description {
    return this.#engine.adoptRemote?.(description) ?? description;
  }

  #openChannel(): void {
    if (this.#channel !== undefined) return;
    // Pre-negotiated (RFC 8832 isn't spoken): no round trip, no glare.
    const channel = this.#rtc.createDataChannel("skein", {
      negotiated: true,
      id: 0,
      ordered: true,
      protocol: webSocketProtocol,
    });
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    const lossy = this.#createLossyChannel();
    channel.onopen = () => this.#listener.channelOpened(channel, lossy);
    channel.onclose = () => this.#end("the data channel closed");
  }

  /** Nothing depends on it: where there is none, what is lossy goes over the other. */
  #createLossyChannel(): RTCDataChannel | undefined {
    try {
      const channel = this.#rtc.createDataChannel("skein-lossy", {
        negotiated: true,
        id: 1,
        ordered: true,
        maxRetransmits: 3,
        protocol: webSocketProtocol,
      });
      channel.binaryType = "arraybuffer";
      return channel;
    } catch {
      return undefined;
    }
  }

  #handleCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === "" || candidate.candidate.length > limits.candidateLength) return;
    // Trap: node-datachannel's candidates don't say their fragment; the description in force does.
    const fragment = candidate.usernameFragment ?? fragmentOf(this.#rtc.localDescription?.sdp ?? "");
    if (fragment === undefined || fragment === null) return;
    if (this.#found !== undefined && this.#found.fragment !== fragment) this.#flushCandidates();
    if (this.#found === undefined) {
      this.#found = { fragment, list: [] };
      queueMicrotask(() => this.#flushCandidates());
    }
    this.#found.list.push({ c: candidate.candidate, mid: candidate.sdpMid ?? "0" });
  }

  #flushCandidates(): void {
    const found = this.#found;
    this.#found = undefined;
    if (found === undefined) return;
    for (let i = 0; i < found.list.length && !this.#isClosed(); i += limits.candidates) {
      this.#listener.candidatesFound(found.fragment, found.list.slice(i, i + limits.candidates));
    }
  }

  #handleGathering(): void {
    // Trap: node-datachannel has no null candidate at the end; this event every engine has.
    if (this.#rtc.iceGatheringState !== "complete") return;
    this.#flushCandidates();
    const fragment = fragmentOf(this.#rtc.localDescription?.sdp ?? "");
    if (fragment !== undefined) this.#listener.candidatesFound(fragment, []);
  }

  #handleState(): void {
    // Trap: in Chromium ICE's own state stays `disconnected` where only the connection's says `failed`.
    const { connectionState, iceConnectionState } = this.#rtc;
    if (connectionState === "failed" || connectionState === "closed")
      return this.#end(`the connection ${connectionState}`);
    if (connectionState === "disconnected" || iceConnectionState === "disconnected") return this.#tell("disconnected");
    // Not while a restart checks its candidates: that it tries is no sign that the other side is there.
    if (iceConnectionState === "connected" || iceConnectionState === "completed") this.#tell("connected");
  }

  #tell(state: "connected" | "disconnected"): void {
    if (state === this.#told) return;
    this.#told = state;
    this.#listener.wavered(state === "disconnected");
  }

  #end(reason: string): void {
    if (this.#isClosed()) return;
    this.close();
    this.#listener.ended(reason);
  }
}

/** The ICE candidate types (RFC 8445 §4: host, srflx, prflx, relay) at both ends of the path. */
export interface CandidatePair {
  readonly local: string;
  readonly remote: string;
}

function selectedPairOf(report: RTCStatsReport): CandidatePair | undefined {
  const entries = new Map<string, Record<string, unknown>>();
  report.forEach((entry: Record<string, unknown>, id: string) => {
    entries.set(id, entry);
  });
  const all = [...entries.values()];
  const transport = all.find((entry) => entry.type === "transport");
  // Firefox has no `selectedCandidatePairId`, but marks the pair.
  const pair =
    entries.get(String(transport?.selectedCandidatePairId)) ??
    all.find((entry) => entry.type === "candidate-pair" && (entry.selected === true || entry.nominated === true));
  const local = entries.get(String(pair?.localCandidateId))?.candidateType;
  const remote = entries.get(String(pair?.remoteCandidateId))?.candidateType;
  return typeof local === "string" && typeof remote === "string" ? { local, remote } : undefined;
}
