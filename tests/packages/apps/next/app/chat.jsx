"use client";

import { defineProtocol, joinRoom, message } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { useEffect, useState } from "react";

const chat = defineProtocol("acme.chat", "1.0.0", { say: message(String) });

export function Chat() {
  const [answer, setAnswer] = useState("");
  useEffect(() => {
    const ending = new AbortController();
    talk(ending.signal).then(setAnswer, (error) => ending.signal.aborted || console.error(error));
    return () => ending.abort();
  }, []);
  return <p id="answer">{answer}</p>;
}

async function talk(signal) {
  const { server, room } = Object.fromEntries(new URLSearchParams(location.search));
  const joined = await joinRoom({ server, room, name: "app", protocols: [chat], paths: [relayFallback()], signal });
  const answer = new Promise((resolve) => joined.handle(chat.say, resolve));
  joined.on("peer-connected", (peer) => joined.send(peer, chat.say, "hello"));
  const text = await answer;
  await joined.leave();
  return text;
}
