import { type DestinationStream, type Level, type Logger, pino } from "pino";
import type { ServerEvent } from "../events.js";

/** How much is told, and where to. */
export interface LogOptions {
  /** The least that is told. Default `info`. */
  readonly level?: Level | "silent" | undefined;
  /** Default: standard output. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * A log of JSON lines, for `createServer`'s `log`. What it is told holds neither addresses nor tokens, neither rooms' names nor anything
 * that was sent, and it adds none.
 *
 * @example
 * const server = await createServer({ log: createLog({ level: "debug" }) });
 */
export function createLog({ level = "info", destination }: LogOptions = {}): (event: ServerEvent) => void {
  // The host's name and the process's number are for whoever collects the lines to add.
  const options = { level, base: null, messageKey: "event" };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return ({ type, ...details }) => write(logger, levelOf(type), type, details);
}

function write(logger: Logger, level: Level, type: string, details: object): void {
  logger[level](details, type);
}

/** What anybody can bring about by connecting is for those who look for it: it must not fill a disk. */
function levelOf(type: ServerEvent["type"]): Level {
  switch (type) {
    case "failed":
      return "error";
    case "listening":
    case "backplane":
    case "draining":
    case "closed":
    case "removed":
      return "info";
    default:
      return "debug";
  }
}
