/** A raw channel is filled up to here, and then waits until it is almost empty. */
const highBytes = 1_048_576;
const lowBytes = 262_144;

/** Makes a channel ready for {@link drained}. */
export function limitBuffer(channel: RTCDataChannel): void {
  channel.bufferedAmountLowThreshold = lowBytes;
}

/** Nothing where a channel takes more; else resolves when it does. */
export function drained(channel: RTCDataChannel): Promise<void> | undefined {
  if (channel.bufferedAmount <= highBytes) return undefined;
  return new Promise((resolve) => {
    channel.addEventListener("bufferedamountlow", () => resolve(), { once: true });
  });
}
