/** Tells when the network under us may be another one. The platform's own unless one is passed to `joinRoom`. */
export interface NetworkWatch {
  /** False where the platform knows that there is no network at all. */
  readonly isOnline: boolean;
  /**
   * Calls back at each change, until what this gives is called.
   * @param listener its reason is for people, and holds no address.
   */
  watch(listener: (reason: string) => void): () => void;
}
