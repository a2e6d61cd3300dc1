import { expect, it } from "vitest";
import { readAddress } from "./address.js";

it("finds the server at the page's own origin", () => {
  expect(readAddress("http://127.0.0.1:7700/", 0).server).toBe("ws://127.0.0.1:7700/skein");
  expect(readAddress("https://example.org/?room=lab", 0).server).toBe("wss://example.org/skein");
});

it("takes room and name from the query, and makes up what is missing", () => {
  expect(readAddress("http://h/?room=lab&name=ada", 0)).toMatchObject({ room: "lab", name: "ada" });
  expect(readAddress("http://h/?name=%E2%80%AE", 0.5)).toMatchObject({ room: "demo", name: "browser-i00" });
});
