import type { EngineName } from "../rtc/profile.js";

/** A case of the contract in which engines do something else. */
export interface EngineDifference {
  readonly case: string;
  readonly engines: readonly EngineName[];
  /** What they do instead, as the case says it. */
  readonly instead: string;
  /** What real ones do at other times. */
  readonly orElse?: string;
  /** Why that is so, or what follows from it. */
  readonly reason: string;
}

const all: readonly EngineName[] = ["chromium", "firefox", "node-datachannel"];
const browsers: readonly EngineName[] = ["chromium", "firefox"];
const node: readonly EngineName[] = ["node-datachannel"];
const itself = "libdatachannel negotiates by itself";

/** Where real engines aren't as the contract has it. Their simulations do the same. */
export const engineDifferences: readonly EngineDifference[] = [
  {
    case: "its own channels are closed at once",
    engines: all,
    instead: 'states: ["open","open"], not ["closed","closed"]',
    reason: "They learn of it in a later task. Whoever closes a connection lets go of its channels too.",
  },
  {
    case: "its own channels refuse what is sent from then on",
    engines: browsers,
    instead: 'send: "taken", not "InvalidStateError"',
    reason: "They are open until they are told. What is sent meanwhile is lost.",
  },
  {
    case: "its own channels refuse what is sent from then on",
    engines: node,
    instead: 'send: "Error", not "InvalidStateError"',
    orElse: 'send: "taken", not "InvalidStateError"',
    reason: "The polyfill takes its channel for open; what is below throws, without a name, or takes it and loses it.",
  },
  {
    case: "the other side's channels refuse what is sent once they are closed",
    engines: ["firefox"],
    instead: 'send: "taken", not "InvalidStateError"',
    reason: "Firefox throws only before a channel opens. What is sent to a closed one is lost.",
  },
  {
    case: "an end of candidates before there is a remote description is refused",
    engines: ["chromium", "node-datachannel"],
    instead: 'addIceCandidate: "taken", not "InvalidStateError"',
    reason: "They make nothing of an end of candidates, whenever it comes.",
  },
  {
    case: "a candidate of another fragment is refused",
    engines: ["chromium", "node-datachannel"],
    instead: 'addIceCandidate: "taken", not "OperationError"',
    reason: "It is dropped without a word.",
  },
  {
    case: "a candidate that nobody can read is refused, and costs nothing else",
    engines: ["firefox"],
    instead: 'addIceCandidate: "taken", not "OperationError"',
    reason: "It is dropped without a word.",
  },
  {
    case: "20 MiB may wait",
    engines: ["chromium"],
    instead: "it threw OperationError",
    reason: "A channel holds some 16 MiB, and refuses more.",
  },
  {
    case: "a fresh connection has no descriptions",
    engines: node,
    instead: 'local description: {"sdp":""}, not null',
    reason: "The polyfill has an object with an empty text for none.",
  },
  {
    case: "descriptions in force are the ones that were set",
    engines: node,
    instead: 'of an offer: ["offer",{"sdp":""}], not ["offer",null]',
    reason: "The polyfill has an object with an empty text for none.",
  },
  {
    case: "without a channel an offer has no section",
    engines: node,
    instead: "createOffer: never",
    reason: `${itself}: before there is a channel there is nothing to offer, so the channel is made first.`,
  },
  {
    case: "a channel and an offer that is only made leave the state stable",
    engines: node,
    instead: 'state with a channel: "have-local-offer", not "stable"',
    reason: `${itself}: the first channel is an offer.`,
  },
  {
    case: "no candidate comes before its description is in force",
    engines: node,
    instead: "there is one: true, not false",
    reason: `${itself}: the first channel begins to gather.`,
  },
  {
    case: "an offer and an answer lead through the states, with one event each",
    engines: node,
    instead: 'the answerer\'s: ["stable","stable"], not ["have-remote-offer","stable"]',
    reason: `${itself}: it has answered before the event of the offer comes.`,
  },
  {
    case: "no offer is made while one of the other side waits",
    engines: node,
    instead: 'state: "stable", not "have-remote-offer"',
    reason: `${itself}: an offer is answered at once.`,
  },
  {
    case: "a second offer of the other side takes the place of the first",
    engines: node,
    instead: 'state: "stable", not "have-remote-offer"',
    reason: `${itself}: an offer is answered at once.`,
  },
  {
    case: "an offer of the other side rolls back its own",
    engines: node,
    instead: 'state: "stable", not "have-remote-offer"',
    reason: `${itself}: it gives way without a word, and has answered.`,
  },
  {
    case: "there is no answer where there was no offer",
    engines: node,
    instead: "createAnswer: never",
    reason: "The polyfill waits for an offer to come.",
  },
  {
    case: "there is one channel to a number",
    engines: node,
    instead: 'createDataChannel: "taken", not "OperationError"',
    reason: "Nobody looks.",
  },
  {
    case: "an answer to no offer is refused",
    engines: node,
    instead: 'setRemoteDescription: "Error", not "InvalidStateError"',
    reason: "Its errors have no names.",
  },
  {
    case: "a second answer is refused",
    engines: node,
    instead: 'setRemoteDescription: "Error", not "InvalidStateError"',
    reason: "Its errors have no names.",
  },
  {
    case: "a null candidate ends them",
    engines: node,
    instead: "a null candidate: never",
    reason: "The polyfill tells the end by `iceGatheringState` alone.",
  },
  {
    case: "gathering is complete when the null candidate comes",
    engines: node,
    instead: "a null candidate: never",
    reason: "The polyfill tells the end by `iceGatheringState` alone.",
  },
  {
    case: "candidates name their section and their fragment",
    engines: node,
    instead: "names its fragment: false, not true",
    reason: "The description in force has the fragment; the candidate doesn't.",
  },
  {
    case: "a candidate for a closed connection is refused",
    engines: node,
    instead: 'addIceCandidate: "NotFoundError", not "InvalidStateError"',
    reason: "The polyfill gives that name to what it doesn't know.",
  },
  {
    case: "what was sent counts as buffered until the program lets go",
    engines: node,
    instead: "bufferedAmount: 0, not 10000",
    reason: "It counts what couldn't be passed on at once.",
  },
  {
    case: "a connection that is closed is so at once, and tells its own side nothing",
    engines: node,
    instead: 'states: ["closed","stable","closed"], not ["closed","closed","closed"]',
    reason: "Its signalling state stays the last one.",
  },
  {
    case: "closing again changes nothing",
    engines: node,
    instead: 'state: "stable", not "closed"',
    reason: "Its signalling state stays the last one.",
  },
  {
    case: "the other side's connection isn't closed with its channels",
    engines: node,
    instead: 'state: "closed", not "connected"',
    reason: "To libdatachannel the end of DTLS is the end of the connection.",
  },
  {
    case: "a connection that is closed makes no offer",
    engines: node,
    instead: "createOffer: never",
    reason: "The polyfill waits for what libdatachannel makes, which makes nothing more.",
  },
  {
    case: "a connection that is closed takes no description",
    engines: node,
    instead: 'setRemoteDescription: "Error", not "InvalidStateError"',
    reason: "Its errors have no names.",
  },
  {
    case: "a connection that is closed makes no channel",
    engines: node,
    instead: 'createDataChannel: "Error", not "InvalidStateError"',
    reason: "Its errors have no names.",
  },
  {
    case: "a side that closes before the answer opens nothing",
    engines: node,
    instead: 'setRemoteDescription: "Error", not "InvalidStateError"',
    reason: "Its errors have no names.",
  },
  {
    case: "an offer that restarts has other credentials",
    engines: node,
    instead: "is another one: false, not true",
    reason: "It doesn't restart ICE: one offer is made for good. Our client makes a new connection there.",
  },
  {
    case: "channels outlast a restart by the side that offered, and carry on",
    engines: node,
    instead: "are other ones: [false,false], not [true,true]",
    reason: "It doesn't restart ICE.",
  },
  {
    case: "channels outlast a restart by the side that answered, and carry on",
    engines: node,
    instead: "createOffer: never",
    reason: "It doesn't restart ICE, and a side that answered never offers.",
  },
  {
    case: "two restarts cross, one side gives way, and the channels carry on",
    engines: node,
    instead: "createOffer: never",
    reason: "It doesn't restart ICE, and a side that answered never offers.",
  },
  {
    case: "channels with something under way outlast a cut of 14 s",
    engines: node,
    instead: 'the channel: "closed", not "open"',
    reason: "usrsctp gives up 12.7 s after the first that isn't acknowledged.",
  },
  {
    case: "a restart after a failure brings the channels back, with what waited",
    engines: node,
    instead: "it has come: never",
    reason: "It doesn't restart ICE, and has closed its channels by then.",
  },
];

/** Where a simulation isn't as its engine is, on purpose. */
export interface SimulationDeparture {
  readonly case: string;
  readonly engines: readonly EngineName[];
  /** What the simulation does instead of what the case says; `conforms` where it is the engine that doesn't. */
  readonly instead: string;
  readonly reason: string;
}

/** Where a simulated engine does something else than the one it is called after, and why. */
export const simulationDepartures: readonly SimulationDeparture[] = [
  {
    case: "there is one channel to a number",
    engines: node,
    instead: 'createDataChannel: "Error", not "OperationError"',
    reason: "A second channel of a number is a mistake of ours, which a simulation shall show.",
  },
];

/** What an engine does instead of what a case says, as far as we know; undefined where it does that. */
export function knownDifference(name: string, engine: EngineName): EngineDifference | undefined {
  return engineDifferences.find((difference) => difference.case === name && difference.engines.includes(engine));
}

/** The same of its simulation. */
export function knownOfSimulation(name: string, engine: EngineName): string | undefined {
  const departure = simulationDepartures.find((one) => one.case === name && one.engines.includes(engine));
  if (departure === undefined) return knownDifference(name, engine)?.instead;
  return departure.instead === "conforms" ? undefined : departure.instead;
}
