import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isErrorCode, SkeinError } from "@skein/protocol";
import { type Deferred, deferred } from "../process/deferred.js";
import type { OutputEvent } from "../stdio/envelope.js";
import { LineSplitter } from "../stdio/line-splitter.js";

/** This very program: the build puts all its parts into one folder. */
const program = fileURLToPath(new URL("./main.js", import.meta.url));
/** Answers are longer than operations: a list of all files is one line. */
const answerBytesMost = 64 * 1024 * 1024;
/** How long a child that was told to end may take. */
const endMs = 3_000;
const complaintLength = 2_000;

interface Call {
  readonly answer: Deferred<OutputEvent>;
  readonly progress: (event: OutputEvent) => void;
}

/** One of the demo's processes, and its lines of JSON. */
export class Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended: with a sentence that says how. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #calls = new Map<string, Call>();
  readonly #listeners = new Set<(event: OutputEvent) => void>();
  #called = 0;
  #complaint = "";
  #alive = true;

  constructor(name: string, args: readonly string[]) {
    this.name = name;
    // A group of its own: Ctrl-C is for us, and we end it in good order. The channel tells it when we are gone, however that
    // came about.
    this.#process = spawn(process.execPath, [program, ...args], {
      stdio: ["pipe", "pipe", "pipe", "ipc"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.pid = this.#process.pid ?? 0;
    const splitter = new LineSplitter(answerBytesMost);
    this.#process.stdout?.on("data", (bytes: Buffer) => {
      for (const line of splitter.push(bytes)) if (line.ok) this.#take(line.text);
    });
    this.#process.stderr?.on("data", (bytes: Buffer) => {
      this.#complaint = (this.#complaint + bytes.toString()).slice(-complaintLength);
    });
    // Broken pipes of a child that ends: its end is told.
    this.#process.stdin?.on("error", () => {});
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#alive = false;
        const error = new SkeinError("closed", `${name} ${how}.`);
        for (const { answer } of this.#calls.values()) answer.reject(error);
        this.#calls.clear();
        resolve(how);
      };
      this.#process.once("error", (error) => end(`couldn't be started (${error.message})`));
      this.#process.once("close", (code, signal) => end(this.#howItEnded(code, signal)));
    });
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Ends it as a crash would: it says no goodbye. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** What it last said on stderr, in one line. */
  get complaint(): string {
    return (
      this.#complaint
        .trim()
        .split("\n")
        .at(-1)
        ?.replace(/^skein: /, "") ?? ""
    );
  }

  /** Hears every event that answers no call. */
  listen(listener: (event: OutputEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first event of that kind; fails where it says that something is wrong, or ends. */
  async first(name: string): Promise<OutputEvent> {
    const found = deferred<OutputEvent>();
    const forget = this.listen((event) => {
      if (event.event === name) found.resolve(event);
      if (event.event === "error") found.reject(errorOf(event));
    });
    const over = this.ended.then((how) => {
      throw new SkeinError("closed", this.complaint || `${this.name} ${how}.`);
    });
    try {
      return await Promise.race([found.promise, over]);
    } finally {
      forget();
    }
  }

  /**
   * Has an operation performed; gives the event that answers it. `progress` hears of events on the way.
   * @throws {SkeinError} what the child says, and `closed` where it ends first
   */
  async call(
    operation: { readonly op: string } & Readonly<Record<string, unknown>>,
    options: { readonly signal?: AbortSignal; readonly progress?: (event: OutputEvent) => void } = {},
  ): Promise<OutputEvent> {
    if (!this.#alive) throw new SkeinError("closed", `${this.name} isn't running any more.`);
    const id = `demo:${++this.#called}`;
    const answer = deferred<OutputEvent>();
    this.#calls.set(id, { answer, progress: options.progress ?? (() => {}) });
    const cancel = (): void => this.write(`${JSON.stringify({ op: "cancel", operation: id })}\n`);
    options.signal?.addEventListener("abort", cancel, { once: true });
    this.write(`${JSON.stringify({ ...operation, id })}\n`);
    try {
      return await answer.promise;
    } finally {
      this.#calls.delete(id);
      options.signal?.removeEventListener("abort", cancel);
    }
  }

  /** Passes lines on to it as they are. */
  write(lines: string | Uint8Array): void {
    if (this.#alive) this.#process.stdin?.write(lines);
  }

  /** Ends it: gently, then by force. */
  async stop(): Promise<void> {
    if (!this.#alive) return;
    this.#process.kill("SIGTERM");
    const force = setTimeout(() => this.#process.kill("SIGKILL"), endMs);
    await this.ended;
    clearTimeout(force);
  }

  #take(text: string): void {
    let event: OutputEvent;
    try {
      event = JSON.parse(text) as OutputEvent;
    } catch {
      return;
    }
    const call = typeof event.id === "string" ? this.#calls.get(event.id) : undefined;
    if (call === undefined) {
      for (const listener of this.#listeners) listener(event);
    } else if (event.event === "error") {
      call.answer.reject(errorOf(event));
    } else if (event.event === "progress" || event.event === "getting") {
      call.progress(event);
    } else {
      call.answer.resolve(event);
    }
  }

  #howItEnded(code: number | null, signal: string | null): string {
    if (signal !== null) return `was ended by ${signal}`;
    return code === 0 ? "ended" : `ended with exit code ${code}${this.complaint === "" ? "" : ` (${this.complaint})`}`;
  }
}

function errorOf({ code, message }: OutputEvent): SkeinError {
  return new SkeinError(isErrorCode(String(code)) ? (code as SkeinError["code"]) : "bad-argument", String(message));
}
