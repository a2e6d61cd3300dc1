type Constructor = typeof RTCPeerConnection;

/**
 * The same engine, whose offers and answers are plain objects: simple-peer writes to their `sdp`, which node-datachannel
 * has as a getter.
 */
export function withPlainDescriptions(PeerConnection: Constructor): Constructor {
  const plainly = (make: () => Promise<RTCSessionDescriptionInit>) => async () => {
    const { type, sdp } = await make();
    return { type, sdp: sdp ?? "" };
  };
  return class extends PeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      Object.assign(this, {
        createOffer: plainly(() => super.createOffer()),
        createAnswer: plainly(() => super.createAnswer()),
      });
    }
  };
}
