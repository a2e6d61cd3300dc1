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

it("takes a token from what no server is sent, and from nowhere else", () => {
  expect(readAddress("https://h/?room=lab#token=a.b-c_d", 0).token).toBe("a.b-c_d");
  expect(readAddress("https://h/?token=a.b.c", 0).token).toBeUndefined();
});
