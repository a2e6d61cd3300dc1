import { countText } from "../terminal/units.js";
import { readAddress } from "./address.js";
import { Membership, nameOf } from "./membership.js";
import { PeerWatch } from "./peer-watch.js";
import { Search } from "./search.js";
import { Shelf } from "./shelf.js";
import { Store } from "./store.js";
import { Transfers } from "./transfers.js";
import { byId, setText } from "./view/dom.js";
import { LogView } from "./view/log.js";
import { MeshView } from "./view/mesh.js";
import { OfficesView } from "./view/offices.js";
import { PeersView } from "./view/peers.js";
import { ResultsView } from "./view/results.js";
import { ShareView } from "./view/share.js";
import { StatusView } from "./view/status.js";
import { TransfersView } from "./view/transfers.js";

/** How often traffic is looked at, and how often its figures change: eyes follow dots faster than numbers. */
const sampleMs = 120;
const showMs = 480;

const address = readAddress(location.href, Math.random());
const store = new Store((run) => requestAnimationFrame(run));
const shelf = new Shelf(`page-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`);

const mesh = new MeshView();
const watch = new PeerWatch(store, (peer, direction, bytes) => mesh.traffic(peer, direction, bytes, sampleMs));
const membership = new Membership(address, store, shelf, {
  joined: () => show(),
  peersChanged: () => show(),
});
const search = new Search(store, (id) => {
  const peer = membership.room?.peers.get(id);
  return peer === undefined ? "this page" : nameOf(peer);
});
const transfers = new Transfers(store, () => membership.crew, membership.fetched);

const status = new StatusView(() => membership.start());
const views = [
  status,
  mesh,
  new PeersView((peer) => browse(peer)),
  new ResultsView({ fetch: (set, file) => fetchFile(set, file), more: (peer) => browse(peer) }),
  new TransfersView({ remove: (key) => transfers.remove(key), retry: (key) => transfers.retry(key) }),
  new ShareView({ add: (files) => void share(files), remove: unshare }),
  new OfficesView(),
  new LogView(),
];
for (const view of views) store.listen((state) => view.show(state));

setText(byId("room-name", HTMLElement), address.room);
setText(byId("our-name", HTMLElement), address.name);
const input = byId("search-words", HTMLInputElement);
byId("search-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  search.start(membership.crew, input.value);
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input.focus();
});

window.setInterval(() => watch.sample(membership.room, performance.now()), sampleMs);
window.setInterval(() => {
  show();
  status.tick();
}, showMs);

window.addEventListener("online", () => membership.start());
window.addEventListener("pagehide", () => membership.stop());
// Back from the browser's memory: the room was left when the page was hidden.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) membership.start();
});
membership.start();

function browse(peer: Parameters<PeerWatch["list"]>[2]): void {
  search.stop();
  const { room, crew } = membership;
  if (room !== undefined && crew !== undefined) void watch.list(room, crew, peer);
}

function show(): void {
  watch.show(membership.room, membership.crew);
}

function fetchFile(set: string, file: string): void {
  const { room, crew } = membership;
  const holders = crew?.holdersOf([set]) ?? [];
  const names = holders.flatMap((id) => room?.peers.get(id) ?? []).map(nameOf);
  transfers.start([set], names.length === 0 ? "nobody now" : names.join(" and "), file);
}

async function share(files: readonly File[]): Promise<void> {
  const left = await shelf.add(files);
  const taken = files.length - left.length;
  if (taken > 0) store.note(`Sharing ${countText(taken, "more file")}.`);
  if (left.length > 0) store.note(`${countText(left.length, "file")} didn’t fit: a page shares 500 at most.`);
  shelfChanged();
}

function unshare(name: string): void {
  shelf.remove(name);
  shelfChanged();
}

function shelfChanged(): void {
  store.set({ share: shelf.entries });
  membership.shareChanged();
}
