import { defineProtocol, message, request } from "@skein/client";
import type { Stamp } from "./core/ledger.js";

/** A stamped message, and what it is filled up with. */
export interface Parcel extends Stamp {
  readonly filling: Uint8Array;
}

function parcel(value: unknown): Parcel {
  const { sender, stretch, lane, number, filling } = value as Partial<Parcel>;
  if (
    typeof sender !== "string" ||
    typeof lane !== "string" ||
    typeof stretch !== "number" ||
    typeof number !== "number"
  ) {
    throw new TypeError("no parcel");
  }
  if (!(filling instanceof Uint8Array)) throw new TypeError("no filling");
  return { sender, stretch, lane, number, filling };
}

const amount = (value: unknown): number => {
  if (typeof value !== "number") throw new TypeError("no number");
  return value;
};

/** What the agents of a soak say to each other. */
export const soak = defineProtocol("skein.soak", "1.0.0", {
  control: message(parcel, { lane: "control" }),
  default: message(parcel),
  bulk: message(parcel, { lane: "bulk" }),
  lossy: message(parcel, { lane: "lossy" }),
  /** Gives twice what it is asked. */
  double: request(amount, amount),
});
