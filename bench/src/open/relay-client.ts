/** A connection to the bare relay: what one says, all others on its address hear. Plain data, as JSON. */
export interface RelayClient {
  /** Says something; nothing where the connection is closed. */
  send(said: unknown): void;
  close(): void;
}

/** Resolves when what is said from now on is heard. */
export function joinRelay(address: string, hear: (said: unknown) => void): Promise<RelayClient> {
  const socket = new WebSocket(address);
  socket.onmessage = ({ data }) => hear(JSON.parse(data));
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error(`No relay answers at ${address}.`));
    socket.onopen = () =>
      resolve({
        send: (said) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(said));
        },
        close: () => socket.close(),
      });
  });
}
