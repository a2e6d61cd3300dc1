import { createHash } from "node:crypto";

/**
 * Which of `parts` parts a file belongs to, from 1. It depends on its path alone: every agent comes to the same answer
 * without asking another, and a file stays where it is when others come and go.
 */
export function partOf(name: string, parts: number): number {
  return (createHash("sha256").update(name).digest().readUInt32BE(0) % parts) + 1;
}
