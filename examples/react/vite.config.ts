import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // While you write: `npx @skein/cli serve` in another terminal, and the page finds it where it will be later.
  server: { proxy: { "/skein": { target: "ws://127.0.0.1:7700", ws: true } } },
});
