import { type ChildProcess, spawn } from "node:child_process";

/**
 * A shell between us and the server: it reads from us, and what it reads ends when we do, however that comes about. Then the server goes
 * too. It keeps nothing that a slower end would save. A shell says of what was killed that it was, and would die of that where nobody
 * listens any more.
 */
const script = `
exec 3<&0
folder=$1
shift
"$@" 3<&- </dev/null &
server=$!
exec 2>/dev/null
{ read -r _ <&3; kill -9 $server; } >/dev/null &
leash=$!
wait $server
code=$?
kill -9 $leash
rm -rf "$folder"
exit $code
`;

/** What a shell answers where there is no such program (POSIX.1-2017, 2.8.2). */
export const notFound = 127;

/** A program that doesn't outlive this process, and its folder that doesn't outlive it. What it writes can be read; to end it, call {@link release}. */
export function spawnLeashed(folder: string, command: string, args: readonly string[]): ChildProcess {
  // A Ctrl-C goes to all processes of a terminal's foreground; in a session of its own, this one ends when we say so, and isn't told of as dead.
  const line = ["-c", script, "sh", folder, command, ...args];
  return spawn("/bin/sh", line, { stdio: "pipe", detached: true });
}

/** Ends the program. */
export function release(child: ChildProcess): void {
  child.stdin?.destroy();
}
