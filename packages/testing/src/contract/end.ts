/** A candidate as it goes to the other side. */
export interface TrickledCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
}

/** A channel, and all that it said. */
export interface ChannelRecord {
  readonly channel: RTCDataChannel;
  readonly messages: unknown[];
  /** Names of its events but `message`, in order. */
  readonly events: string[];
}

/** One of a case's two connections, and all that it said. */
export class End {
  readonly rtc: RTCPeerConnection;
  /** Each state that an event told of, in order. */
  readonly signaling: RTCSignalingState[] = [];
  readonly gathering: RTCIceGatheringState[] = [];
  readonly connection: RTCPeerConnectionState[] = [];
  readonly ice: RTCIceConnectionState[] = [];
  /** Null: their end. */
  readonly candidates: (RTCIceCandidate | null)[] = [];
  readonly channels: ChannelRecord[] = [];
  /** Candidates of the other side that came before its description. */
  #held: TrickledCandidate[] | undefined = [];

  constructor(rtc: RTCPeerConnection) {
    this.rtc = rtc;
    rtc.onsignalingstatechange = () => this.signaling.push(rtc.signalingState);
    rtc.onicegatheringstatechange = () => this.gathering.push(rtc.iceGatheringState);
    rtc.onconnectionstatechange = () => this.connection.push(rtc.connectionState);
    rtc.oniceconnectionstatechange = () => this.ice.push(rtc.iceConnectionState);
    rtc.onicecandidate = ({ candidate }) => this.candidates.push(candidate);
  }

  /** The first channel. */
  get first(): ChannelRecord {
    return this.channels[0] as ChannelRecord;
  }

  /** Makes a channel that both sides negotiated, as our client does. */
  openChannel(id: number, init: RTCDataChannelInit = {}): ChannelRecord {
    const channel = this.rtc.createDataChannel(`channel ${id}`, { negotiated: true, id, ordered: true, ...init });
    channel.binaryType = "arraybuffer";
    const record: ChannelRecord = { channel, messages: [], events: [] };
    channel.onopen = () => record.events.push("open");
    channel.onclose = () => record.events.push("close");
    channel.onbufferedamountlow = () => record.events.push("low");
    channel.onmessage = ({ data }) => record.messages.push(data);
    this.channels.push(record);
    return record;
  }

  /** From now on each candidate that this side finds, or has found, goes to another. */
  trickleTo(other: End): void {
    for (const candidate of this.candidates) other.#carry(candidate);
    this.rtc.onicecandidate = ({ candidate }) => {
      this.candidates.push(candidate);
      other.#carry(candidate);
    };
  }

  /** Takes a description, and then the candidates that waited for it. */
  async take(description: RTCSessionDescriptionInit): Promise<void> {
    await this.rtc.setRemoteDescription({ type: description.type, sdp: description.sdp ?? "" });
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const candidate of held) await this.#add(candidate);
  }

  /** What goes to the other side: what is in force, with the candidates found so far, or else what was made. */
  described(made: RTCSessionDescriptionInit): RTCSessionDescriptionInit {
    return { type: made.type, sdp: this.rtc.localDescription?.sdp || (made.sdp ?? "") };
  }

  #carry(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === "") return;
    const trickled = { candidate: candidate.candidate, sdpMid: candidate.sdpMid };
    if (this.#held === undefined) this.#add(trickled).catch(() => {});
    else this.#held.push(trickled);
  }

  /** One that can't be used costs only itself. */
  #add(candidate: TrickledCandidate): Promise<void> {
    return this.rtc.addIceCandidate(candidate).catch(() => {});
  }
}
