export { createIndexedDbStore } from "./artifacts/stores/indexed-db-store.js";
