import { type JoinOptions, joinRoom, type Peer, type Room } from "@skein/client";
import { useEffect, useState } from "react";

/**
 * The room, once we are in it. It is left when the component goes away; so it is where `StrictMode` mounts it twice.
 * @param options the same object from one render to the next.
 */
export function useRoom(options: JoinOptions): { readonly room?: Room; readonly error?: Error } {
  const [state, setState] = useState<{ readonly room?: Room; readonly error?: Error }>({});
  useEffect(() => {
    const leaving = new AbortController();
    joinRoom({ ...options, signal: leaving.signal }).then(
      (room) => {
        // It came too late to be of use.
        if (leaving.signal.aborted) return void room.leave();
        leaving.signal.addEventListener("abort", () => void room.leave());
        setState({ room });
      },
      (error) => {
        if (!leaving.signal.aborted) setState({ error });
      },
    );
    return () => leaving.abort();
  }, [options]);
  return state;
}

/** The peers that messages go to. */
export function usePeers(room: Room | undefined): readonly Peer[] {
  const [peers, setPeers] = useState<readonly Peer[]>([]);
  useEffect(() => {
    if (room === undefined) return;
    const look = (): void => setPeers([...room.peers.values()].filter(({ state }) => state === "connected"));
    look();
    const stops = (["peer-connected", "peer-updated", "path-changed", "peer-disconnected", "peer-left"] as const).map(
      (event) => room.on(event, look),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }, [room]);
  return peers;
}
