import type { MessageDefinition, Messenger, MessengerPeer, Unsubscribe } from "@skein/protocol";

type Run = (body: unknown, from: MessengerPeer) => void | Promise<void>;

interface Line {
  readonly runs: Map<string, Run>;
  readonly stop: Unsubscribe;
}

/** A messenger has one handler for each message. Here each message has one for each topic: by messenger, so that nothing is shared beyond it. */
const boards = new WeakMap<Messenger, Map<string, Line>>();

/**
 * Handles a message whose body names a topic: several elections, say, over one messenger.
 * @throws {SkeinError} `bad-argument` where the message has a handler of the app's
 */
export function handleTopic<Input, Body extends { readonly topic: string }>(
  messenger: Messenger,
  definition: MessageDefinition<Input, Body>,
  topic: string,
  run: (body: Body, from: MessengerPeer) => void | Promise<void>,
): Unsubscribe {
  const board = boards.get(messenger) ?? new Map<string, Line>();
  boards.set(messenger, board);
  const line = board.get(definition.name) ?? open(messenger, definition);
  board.set(definition.name, line);
  line.runs.set(topic, run as Run);
  return () => {
    line.runs.delete(topic);
    if (line.runs.size > 0 || board.get(definition.name) !== line) return;
    line.stop();
    board.delete(definition.name);
  };
}

/** Whether somebody has that topic. */
export function isTopicTaken(messenger: Messenger, definition: MessageDefinition, topic: string): boolean {
  return boards.get(messenger)?.get(definition.name)?.runs.has(topic) ?? false;
}

function open<Input, Body extends { readonly topic: string }>(
  messenger: Messenger,
  definition: MessageDefinition<Input, Body>,
): Line {
  const runs = new Map<string, Run>();
  const stop = messenger.handle(definition, (body, from) => runs.get(body.topic)?.(body, from));
  return { runs, stop };
}
