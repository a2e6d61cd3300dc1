// Every entry of every package, as `import` sees it.
export * as client from "@skein/client";
export * as simplePeer from "@skein/client/simple-peer";
export * as coordination from "@skein/coordination";
export * as indexedDb from "@skein/coordination/indexed-db";
export * as node from "@skein/coordination/node";
export * as protocol from "@skein/protocol";
export * as relay from "@skein/relay-fallback";
export * as server from "@skein/server";
export * as coturn from "@skein/server/coturn";
export * as nats from "@skein/server/nats";
export * as operations from "@skein/server/operations";
export * as redis from "@skein/server/redis";
export * as tokens from "@skein/server/tokens";
export * as testing from "@skein/testing";
