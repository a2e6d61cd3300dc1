/**
 * Stores of artifacts in a browser's IndexedDB.
 * @module @skein/coordination/indexed-db
 */

export { createIndexedDbStore } from "./artifacts/stores/indexed-db-store.js";
