/** RFC 6455 §5.2: the last fragment, which is the only one, of a binary message. */
const finalBinary = 0x82;

/**
 * A whole WebSocket frame as a server sends it, without a mask, in one piece. The package `ws` writes header and payload apart; of
 * what a forward of some hundred bytes costs, the second write is a good part.
 */
export function binaryFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const headerBytes = length < 126 ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = finalBinary;
  if (length < 126) frame[1] = length;
  else if (length <= 0xffff) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.set(payload, headerBytes);
  return frame;
}
