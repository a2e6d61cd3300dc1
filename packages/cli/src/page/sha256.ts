/** Whether this page can make checksums. Browsers allow it in secure contexts: https, and this very machine. */
export const canHash: boolean = (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

/** In hexadecimal; `undefined` where the page can't make any. */
export async function sha256Of(bytes: ArrayBuffer): Promise<string | undefined> {
  if (!canHash) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
