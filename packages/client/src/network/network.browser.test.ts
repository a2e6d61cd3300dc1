import { afterEach, describe, expect, it, vi } from "vitest";
import { platformNetwork } from "./network.browser.js";

/** A page's scope, as far as networks go. */
function page(connection?: EventTarget & { type?: string }) {
  const scope = new EventTarget();
  vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
  vi.stubGlobal("removeEventListener", scope.removeEventListener.bind(scope));
  vi.stubGlobal("navigator", { onLine: true, connection });
  const told: string[] = [];
  const stop = platformNetwork.watch((reason) => told.push(reason));
  return { scope, told, stop };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a browser's network", () => {
  it("changes when the browser is online again, until nobody watches", () => {
    const { scope, told, stop } = page();
    scope.dispatchEvent(new Event("online"));
    expect(told).toEqual(["the browser is online again"]);
    stop();
    scope.dispatchEvent(new Event("online"));
    expect(told).toHaveLength(1);
  });

  it("changes with the connection's type, not with each estimate of its speed", () => {
    const connection = Object.assign(new EventTarget(), { type: "wifi" });
    const { told, stop } = page(connection);
    connection.dispatchEvent(new Event("change"));
    expect(told).toEqual([]);
    connection.type = "cellular";
    connection.dispatchEvent(new Event("change"));
    connection.dispatchEvent(new Event("change"));
    expect(told).toEqual(["the browser's connection is of another type"]);
    stop();
    connection.type = "wifi";
    connection.dispatchEvent(new Event("change"));
    expect(told).toHaveLength(1);
  });

  it("is online unless the browser says otherwise", () => {
    for (const [navigator, isOnline] of [
      [{ onLine: true }, true],
      [{ onLine: false }, false],
      [{}, true],
      [undefined, true],
    ] as const) {
      vi.stubGlobal("navigator", navigator);
      expect(platformNetwork.isOnline).toBe(isOnline);
    }
  });

  it("never changes where the scope has no events", () => {
    vi.stubGlobal("addEventListener", undefined);
    vi.stubGlobal("navigator", undefined);
    platformNetwork.watch(() => {})();
  });
});
