/** How long it took a newcomer to hear the other's first message, in milliseconds. */
export interface OpenTimes {
  /** From going in. */
  readonly openMs: number;
  /** From seeing that the other is there. */
  readonly linkMs: number;
}

/**
 * One of two that find each other, in a Node process or in a page. `wait` is for the one that is there first; `enter` is
 * for the newcomer, and is what is measured.
 */
export interface Side {
  /** Resolves when whoever comes now will be answered. */
  wait(): Promise<void>;
  /** Goes in, and tells when the first message of the other was there. */
  enter(): Promise<OpenTimes>;
  leave(): Promise<void>;
}

/** How they find each other. `skein`: a room on a server · `raw`: an RTCPeerConnection and a bare relay. */
export type Way = "skein" | "raw";

export interface Meeting {
  readonly way: Way;
  /** Of the server, or of the relay. */
  readonly url: string;
  /** Of its own for each sample. */
  readonly room: string;
  /** Who comes, as it was saved; somebody new unless given. */
  readonly identity?: string | undefined;
}

/** What crosses a process or page boundary: both hold one side at a time. */
export interface SideMethods extends Record<string, (...args: never[]) => unknown> {
  wait(meeting: Meeting): Promise<void>;
  enter(meeting: Meeting): Promise<OpenTimes>;
  leave(): Promise<void>;
}

/** Nobody waits longer. What hasn't opened by then (it happens that a raw connection never does) took as long as this. */
const giveUpMs = 10_000;

/** The methods of a process or page whose sides are made by `create`. */
export function sideMethods(create: (meeting: Meeting) => Promise<Side> | Side): SideMethods {
  let side: Side | undefined;
  return {
    async wait(meeting) {
      side = await create(meeting);
      await side.wait();
    },
    async enter(meeting) {
      side = await create(meeting);
      return Promise.race([side.enter(), givenUp()]);
    },
    async leave() {
      await side?.leave();
      side = undefined;
    },
  };
}

function givenUp(): Promise<OpenTimes> {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ openMs: giveUpMs, linkMs: giveUpMs }), giveUpMs);
  });
}
