// Who is here, what they can do, and how busy they are.
import { joinRoom, memorySignaling } from "@skein/client";
import { createPresence, presenceProtocol } from "@skein/coordination";

const signaling = memorySignaling();
const join = (name) => joinRoom({ signaling, room: "lab", name, protocols: [presenceProtocol] });
const [ann, ben, cal] = await Promise.all(["ann", "ben", "cal"].map(join));

const seen = createPresence(ann);
const bens = createPresence(ben, { capabilities: ["ocr"], load: 0.2 });
createPresence(cal, { capabilities: ["ocr", "gpu"], load: 0.7, meta: { memoryGb: 24 } });

/** Resolves once what ann knows of the others is so. */
function known(isSo) {
  return new Promise((resolve) => {
    const look = () => isSo() && resolve();
    for (const event of ["joined", "changed", "left"]) seen.on(event, look);
    look();
  });
}

const able = (...capabilities) => seen.find({ capabilities }).map(({ name, load }) => `${name} (${load})`);

await known(() => able("ocr").length === 2);
console.log(`ocr: ${able("ocr").join(", ")}`);
console.log(`ocr and gpu: ${able("ocr", "gpu").join(", ")}`);

bens.update({ load: 0.9 });
await known(() => seen.get(ben.id)?.load === 0.9);
console.log(`ben is busy: ${able("ocr").join(", ")}`);

await cal.leave();
await known(() => seen.get(cal.id) === undefined);
console.log(`cal left: ${able("ocr").join(", ")}; seen before: ${seen.lastSeenMs(cal.id) !== undefined}`);

await Promise.all([ann, ben].map((room) => room.leave()));
