import type { Engine } from "@skein/client";
import { type Candidate, type Signal, webSocketProtocol } from "@skein/protocol";
import { Unmet } from "../kit/check.js";
import { inTime } from "../kit/inbox.js";
import type { Visit } from "./visit.js";
import { FrameBuffer, type Wire } from "./wire.js";

type Offer = Extract<Signal, { t: "offer" }>;
type Answer = Extract<Signal, { t: "answer" }>;

/** Every engine fails to open a channel now and then. What takes longer is begun again. */
const attemptMs = 4_000;
const attemptsMost = 4;

export interface DirectOptions {
  readonly engine: Engine;
  readonly timeoutMs: number;
  /** Whether the channel for the lossy lane is made. Default true. */
  readonly lossy?: boolean;
}

/** A connection to the peer under test: its data channels, driven by hand. */
export class DirectWire implements Wire {
  readonly kind = "direct";
  readonly generation: number;
  /** For the lossy lane. */
  readonly lossy: RTCDataChannel | undefined;
  readonly channel: RTCDataChannel;
  readonly #connection: RTCPeerConnection;
  readonly #frames = new FrameBuffer();

  constructor(dialled: Dialled) {
    this.generation = dialled.generation;
    this.channel = dialled.channel;
    this.lossy = dialled.lossy;
    this.#connection = dialled.connection;
    const hear = ({ data }: MessageEvent) => this.#frames.add(new Uint8Array(data as ArrayBuffer));
    this.channel.onmessage = hear;
    if (this.lossy !== undefined) this.lossy.onmessage = hear;
    this.channel.onclose = () => this.#frames.add(undefined);
  }

  /** What is said on a channel that the other side has closed is lost, as on any other network. */
  send(frame: Uint8Array): void {
    try {
      this.channel.send(frame as Uint8Array<ArrayBuffer>);
    } catch {
      // `listen` tells of the channel's end. Trap: node-datachannel's `readyState` may still be `open` by then.
    }
  }

  listen(take: (frame: Uint8Array | undefined) => void): void {
    this.#frames.listen(take);
  }

  close(): void {
    this.channel.onclose = null;
    this.#connection.close();
  }
}

interface Dialled {
  readonly generation: number;
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  readonly lossy: RTCDataChannel | undefined;
}

/**
 * Offers a connection of the next generation, or of one that is named, and waits for its channel.
 * @throws {Unmet} where the peer doesn't answer, or no channel opens
 */
export async function offerDirect(
  visit: Visit,
  options: DirectOptions,
  generation = visit.generation + 1,
  attempts = attemptsMost,
): Promise<DirectWire> {
  const dialled = dial(visit, options, generation);
  const { connection } = dialled;
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  visit.sendSignal({ t: "offer", g: generation, sdp: sdpOf(connection, offer) });
  try {
    const answer = await visit.signals.take(
      `an \`answer\` of generation ${generation}`,
      (signal): signal is Answer => signal.t === "answer" && signal.g === generation,
    );
    await connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
  } catch (error) {
    connection.close();
    // Trap: node-datachannel throws at every fifth answer or so, where it is quickly there. That is no fault of the peer's.
    if (error instanceof Unmet) throw error;
    visit.sendSignal({ t: "bye", g: generation, reason: "the engine failed" });
    return offerDirect(visit, options);
  }
  return opened(visit, dialled, options).catch((error: unknown) => {
    // The peer's engine may have failed as ours does: whoever says `bye` may be offered another.
    if (attempts <= 1 || !(error instanceof Unmet) || error.came !== "`bye`") throw error;
    return offerDirect(visit, options, visit.generation + 1, attempts - 1);
  });
}

/** Answers an offer, and waits for its channel. @throws {Unmet} */
export async function answerDirect(visit: Visit, options: DirectOptions, offer: Offer): Promise<DirectWire> {
  const connection = connectionOf(visit, options, offer.g);
  const description = { type: "offer", sdp: offer.sdp } as const;
  await connection.setRemoteDescription(options.engine.adoptRemote?.(description) ?? description);
  // Behind the offer: node-datachannel would offer too.
  const dialled = withChannels(connection, options, offer.g);
  const answer = await connection.createAnswer();
  await connection.setLocalDescription(answer);
  visit.sendSignal({ t: "answer", g: offer.g, sdp: sdpOf(connection, answer) });
  return opened(visit, dialled, options);
}

/** Answers the offers that come, until one of them leads to a channel. @throws {Unmet} */
export async function answerUntilOpen(visit: Visit, options: DirectOptions): Promise<DirectWire> {
  const untilMs = performance.now() + options.timeoutMs;
  for (;;) {
    const offer = await visit.signals.take("an `offer`", (signal): signal is Offer => signal.t === "offer");
    const leftMs = untilMs - performance.now();
    try {
      return await answerDirect(visit, { ...options, timeoutMs: Math.max(1, Math.min(attemptMs, leftMs)) }, offer);
    } catch (error) {
      if (leftMs <= attemptMs) throw error;
      visit.sendSignal({ t: "bye", g: offer.g, reason: "no channel opened" });
    }
  }
}

function dial(visit: Visit, options: DirectOptions, generation: number): Dialled {
  return withChannels(connectionOf(visit, options, generation), options, generation);
}

function connectionOf(visit: Visit, { engine }: DirectOptions, generation: number): RTCPeerConnection {
  const servers = visit.member.joined.ice;
  const connection = new engine.RTCPeerConnection({
    iceServers: (engine.adoptIceServers?.(servers) ?? [...servers]) as RTCIceServer[],
    bundlePolicy: "max-bundle",
    rtcpMuxPolicy: "require",
  });
  connection.onicecandidate = ({ candidate }) => {
    if (candidate === null || candidate.candidate === "") return;
    const u = candidate.usernameFragment ?? fragmentOf(connection.localDescription?.sdp ?? "");
    const list: Candidate[] = [{ c: candidate.candidate, mid: candidate.sdpMid ?? "0" }];
    visit.sendSignal({ t: "candidates", g: generation, u, list });
  };
  return connection;
}

function withChannels(connection: RTCPeerConnection, { lossy = true }: DirectOptions, generation: number): Dialled {
  const shared = { negotiated: true, ordered: true, protocol: webSocketProtocol };
  const channel = connection.createDataChannel("skein", { ...shared, id: 0 });
  channel.binaryType = "arraybuffer";
  if (!lossy) return { generation, connection, channel, lossy: undefined };
  const second = connection.createDataChannel("skein-lossy", { ...shared, id: 1, maxRetransmits: 3 });
  second.binaryType = "arraybuffer";
  return { generation, connection, channel, lossy: second };
}

async function opened(visit: Visit, dialled: Dialled, { timeoutMs }: DirectOptions): Promise<DirectWire> {
  const { connection, channel, generation } = dialled;
  visit.candidatesTo(({ g, list }) => {
    if (g !== generation) return;
    for (const { c, mid } of list) void connection.addIceCandidate({ candidate: c, sdpMid: mid }).catch(() => {});
  });
  const wire = new DirectWire(dialled);
  const isOpen = new Promise<void>((resolve, reject) => {
    visit.onBye = (gone) => gone >= generation && reject(new Unmet("an open data channel", "`bye`"));
    channel.onopen = () => resolve();
    if (channel.readyState === "open") resolve();
  });
  try {
    await inTime("an open data channel", isOpen, timeoutMs);
  } catch (error) {
    wire.close();
    throw error;
  }
  return wire;
}

function sdpOf({ localDescription }: RTCPeerConnection, made: RTCSessionDescriptionInit): string {
  return localDescription?.sdp || (made.sdp ?? "");
}

/** RFC 8839 §5.4. */
function fragmentOf(sdp: string): string {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? "";
}
