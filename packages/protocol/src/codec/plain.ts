import { isWellFormed } from "../bytes.js";
import { limits } from "../limits.js";

/**
 * Why a value can't be written as plain MessagePack, or undefined where it can.
 *
 * It stands in front of the encoder because the encoder doesn't refuse: it writes a function as nil, a Uint16Array as
 * its bytes in this machine's order, half a surrogate pair as bytes that are no UTF-8.
 */
export function whyNotPlain(value: unknown): string | undefined {
  return new PlainCheck().visit(value, 0);
}

class PlainCheck {
  #items = 0;

  visit(value: unknown, depth: number): string | undefined {
    if (++this.#items > limits.items) return `more than ${limits.items} values`;
    switch (typeof value) {
      case "string":
        return isWellFormed(value) ? undefined : "text that holds half of a surrogate pair";
      case "bigint":
        return BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value
          ? undefined
          : "a bigint of more than 64 bits";
      case "number":
      case "boolean":
      case "undefined":
        return undefined;
      case "object":
        if (value === null || value instanceof Uint8Array) return undefined;
        if (depth >= limits.depth) return `nested deeper than ${limits.depth}, or in a circle`;
        return Array.isArray(value) ? this.#array(value, depth + 1) : this.#map(value, depth + 1);
      default:
        return `a ${typeof value}`;
    }
  }

  #array(values: readonly unknown[], depth: number): string | undefined {
    for (let i = 0; i < values.length; i++) {
      const wrong = this.visit(values[i], depth);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #map(values: object, depth: number): string | undefined {
    if (!isPlainObject(values)) return "an object of a class, not a plain one";
    for (const [key, value] of Object.entries(values)) {
      // The encoder leaves these out, as JSON does.
      if (value === undefined) continue;
      if (key === "__proto__") return "the key `__proto__`";
      const wrong = this.visit(key, depth) ?? this.visit(value, depth);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }
}

/** Also where the object comes from another realm: a frame, a worker's message, Electron's bridge. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
