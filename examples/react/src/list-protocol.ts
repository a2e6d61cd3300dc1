import { defineProtocol, message, request } from "@skein/client";

function strings(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw new Error("It has to be a list of texts.");
}

/** What is said of the list: a line is new, a line is done, and what do you have? */
export const list = defineProtocol("acme.list", "1.0.0", {
  added: message(String),
  done: message(String),
  all: request((nothing: unknown) => nothing, strings),
});
