// A page that is one of two ends. Bundled for browsers.
import { bytesCodec } from "./codec.ts";
import { endMethods } from "./end.ts";
import type { Opening, Place } from "./line.ts";
import { openPeerJs } from "./peerjs-line.ts";
import { openRawJson } from "./raw-json.ts";
import { openRaw } from "./raw-line.ts";
import { openSkein } from "./skein-line.ts";

function openWay(place: Place): Promise<Opening> {
  switch (place.way) {
    case "skein":
    case "skein-relay":
      return openSkein(place);
    case "raw":
      return openRaw(place, bytesCodec(place.cargo), RTCPeerConnection);
    case "raw-json":
      return openRawJson(place, RTCPeerConnection);
    case "peerjs":
      return openPeerJs(place);
    case "simple-peer":
      return Promise.reject(new Error("simple-peer is measured in Node."));
  }
}

Object.assign(globalThis, { side: endMethods(openWay) });
