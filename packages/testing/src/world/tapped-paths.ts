import type { FrameSink, PathProvider, PathWorld } from "@skein/client";

/** Hears each frame that goes out over a provider's paths, before it is sealed. `path` is the same for all of one path. */
export type FrameTap = (path: object, frame: Uint8Array) => void;

/** A provider whose frames are heard. */
export function tapped(provider: PathProvider, tap: FrameTap): PathProvider {
  return {
    kind: provider.kind,
    replacesDirect: provider.replacesDirect,
    attach: (world) => provider.attach(tappedWorld(world, tap)),
  };
}

function tappedWorld(world: PathWorld, tap: FrameTap): PathWorld {
  return { ...world, open: (sink) => world.open(tappedSink(sink, tap)) };
}

function tappedSink(sink: FrameSink, tap: FrameTap): FrameSink {
  return {
    get bufferedAmount() {
      return sink.bufferedAmount;
    },
    send(frame) {
      tap(sink, frame);
      sink.send(frame);
    },
  };
}
