/**
 * Stores of artifacts on Node's disks.
 * @module @skein/coordination/node
 */

export { createFileStore } from "./artifacts/stores/file-store.node.js";
