// A page that is one of two. Bundled for browsers.
import { RawSide } from "./raw-side.ts";
import { sideMethods } from "./side.ts";
import { SkeinSide } from "./skein-side.ts";

const side = sideMethods((meeting) =>
  meeting.way === "skein" ? new SkeinSide(meeting) : new RawSide(meeting, RTCPeerConnection),
);
Object.assign(globalThis, { side });
