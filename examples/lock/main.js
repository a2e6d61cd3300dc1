// Two agents take turns with an index, by a lock that the leader of their room keeps. One hangs while it holds the lock: the other gets
// it when the lease is over, and what the first writes then is refused.
import { joinRoom, memorySignaling } from "@skein/client";
import { createElection, createLocks, electionProtocol, Fence, locksProtocol } from "@skein/coordination";

const signaling = memorySignaling();
const protocols = [electionProtocol, locksProtocol];

async function start(name) {
  const room = await joinRoom({ signaling, room: "lab", name, protocols });
  const election = await createElection(room);
  const locks = createLocks(room, { election, leaseMostMs: 1_000 });
  return { name, room, election, locks };
}

/** The index, which looks at tokens: a lock alone keeps nobody out who believes that it still holds it. */
const fence = new Fence();
const index = [];
function write(token, line) {
  if (fence.admit(token)) index.push(line);
  else console.log(`refused: ${line}`);
}

const ann = await start("ann");
const bob = await start("bob");
await Promise.all([ann, bob].map(({ election }) => election.whenLed()));

async function add(agent) {
  await using lock = await agent.locks.acquire("index");
  write(lock.token, `${agent.name} was here`);
}
await Promise.all([add(ann), add(bob)]);
console.log(`${index.length} lines, one after the other`);

// Bob stops renewing, as a process does that hangs; it can't tell, and writes later.
const lost = await bob.locks.acquire("index");
const { token } = lost;
await bob.election.close();
await bob.room.leave();
await using lock = await ann.locks.acquire("index");
write(lock.token, "ann was here again");
write(token, "bob was here again");
console.log(`ann's token is the greater: ${lock.token > token}`);

await ann.locks.close();
await ann.election.close();
await ann.room.leave();
await bob.locks.close();
