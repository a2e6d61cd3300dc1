import type { NetworkWatch } from "./network-watch.js";

/** What Chromium tells of the connection; others have nothing of the kind (W3C netinfo). */
interface Connection extends EventTarget {
  readonly type?: string;
}

const navigator = () => globalThis.navigator as (Navigator & { readonly connection?: Connection }) | undefined;

/** What the browser tells of its network. */
export const platformNetwork: NetworkWatch = {
  get isOnline() {
    return navigator()?.onLine !== false;
  },
  watch(listener) {
    const stopOnline = listen(globalThis, "online", () => listener("the browser is online again"));
    const connection = navigator()?.connection;
    let type = connection?.type;
    // Trap: Chromium fires `change` for each new estimate of the round trip, too.
    const stopChange = listen(connection, "change", () => {
      if (connection?.type === type) return;
      type = connection?.type;
      listener("the browser's connection is of another type");
    });
    return () => {
      stopOnline();
      stopChange();
    };
  },
};

/** Some scopes that run our code have no events. */
function listen(target: Partial<EventTarget> | undefined, name: string, listener: () => void): () => void {
  target?.addEventListener?.(name, listener);
  return () => target?.removeEventListener?.(name, listener);
}
