import { isFromOutside, type Unsubscribe } from "@skein/protocol";
import mitt, { type EventType } from "mitt";

/**
 * Typed events. A listener's error is its own: it is reported as uncaught, and nothing here stops for it. But where its promise fails by what
 * comes from outside, as where the peer that it speaks to has left, nobody is told: no peer ends a program by that.
 */
export class Emitter<Events extends Record<EventType, unknown>> {
  readonly #emitter = mitt<Events>();

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => unknown): Unsubscribe {
    // Each by itself: one that throws must not keep the others from hearing.
    const safely = (event: Events[Name]) => guarded(() => listener(event));
    this.#emitter.on(name, safely);
    return () => this.#emitter.off(name, safely);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    this.#emitter.emit(name, event);
  }

  clear(): void {
    this.#emitter.all.clear();
  }
}

function guarded(run: () => unknown): void {
  try {
    const result = run();
    if (!(result instanceof Promise)) return;
    void result.catch((error) => {
      if (!isFromOutside(error)) throw error;
    });
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
