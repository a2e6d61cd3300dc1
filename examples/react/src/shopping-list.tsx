import type { JoinOptions } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { type FormEvent, useState } from "react";
import { list } from "./list-protocol.ts";
import { useList } from "./use-list.ts";
import { usePeers, useRoom } from "./use-room.ts";

const options: JoinOptions = {
  // Where the page came from.
  server: `${location.protocol.replace("http", "ws")}//${location.host}/skein`,
  room: "shopping",
  protocols: [list],
  paths: [relayFallback()],
};

export function ShoppingList() {
  const { room, error } = useRoom(options);
  const peers = usePeers(room);
  const { lines, add, done } = useList(room);
  const [text, setText] = useState("");

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    void add(text.trim());
    setText("");
  };

  return (
    <>
      <h1>Shopping list</h1>
      <p role="status">{error?.message ?? (room === undefined ? "Joining …" : `Others here: ${peers.length}`)}</p>
      <ul>
        {[...lines].map((line) => (
          <li key={line}>
            <label>
              <input type="checkbox" onChange={() => void done(line)} /> {line}
            </label>
          </li>
        ))}
      </ul>
      <form onSubmit={submit}>
        <input aria-label="What is missing" value={text} onChange={(event) => setText(event.target.value)} />
        <button type="submit">Add</button>
      </form>
    </>
  );
}
