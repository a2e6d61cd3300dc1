// What the documentation's pieces of code take for granted: names of pieces that stand above them on their page, and of the reader's own.

import type * as files from "node:fs/promises";
import type * as client from "@skein/client";
import type * as simplePeers from "@skein/client/simple-peer";
import type * as coordination from "@skein/coordination";
import type { Instance } from "simple-peer";

type Chat = client.Protocol & { readonly say: client.MessageDefinition; readonly ask: client.RequestDefinition };
type Index = client.Protocol & { readonly write: client.RequestDefinition };

declare global {
  const { defineProtocol, joinRoom, message, request }: typeof client;
  const { simplePeer, simplePeerPath }: typeof simplePeers;
  const { createElection, createLocks, createVotes }: typeof coordination;
  const { readFile, writeFile }: typeof files;

  const room: client.Room;
  const peer: client.Peer & Instance;
  const id: client.PeerId;
  const chat: Chat;
  const server: string;
  const secret: string;
  const identity: client.Identity;
  const signal: AbortSignal;
  function fetchToken(): Promise<string>;

  const election: coordination.Election;
  const locks: coordination.Locks;
  const votes: coordination.Votes;
  const certificate: Uint8Array;
  const electorate: readonly client.PeerId[];
  const index: Index;
  const isController: boolean;
  const file: { write(text: string): void };
  function drive(token: string): void;
  function show(leader: client.PeerId | undefined): void;
  function rebuild(order: { token: string; signal: AbortSignal }): Promise<void>;
  function isFit(keeper: string): boolean;
  function apply(body: unknown): void;

  const connected: ReadonlyMap<client.PeerId, Instance>;
  const another: Instance;
  function connectAgain(): Promise<Instance>;
}
