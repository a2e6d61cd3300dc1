import { testBackplane } from "./contract.test-support.js";
import { createMemoryBackplane } from "./memory.js";

testBackplane("memory", async () => {
  const memory = createMemoryBackplane();
  return {
    connect: async () => memory.connect(),
    stop: async () => memory.stop(),
    start: async () => memory.start(),
    close: async () => {},
  };
});
