export { createFileStore } from "./artifacts/stores/file-store.node.js";
