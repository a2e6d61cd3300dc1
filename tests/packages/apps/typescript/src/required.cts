// The same, as `require` sees it. Checked by `node16` alone: the others know more that can be required, not less.
import client = require("@skein/client");
import simplePeer = require("@skein/client/simple-peer");
import coordination = require("@skein/coordination");
import indexedDb = require("@skein/coordination/indexed-db");
import node = require("@skein/coordination/node");
import protocol = require("@skein/protocol");
import relay = require("@skein/relay-fallback");
import server = require("@skein/server");
import coturn = require("@skein/server/coturn");
import nats = require("@skein/server/nats");
import operations = require("@skein/server/operations");
import redis = require("@skein/server/redis");
import tokens = require("@skein/server/tokens");
import testing = require("@skein/testing");

export = {
  client,
  simplePeer,
  coordination,
  indexedDb,
  node,
  protocol,
  relay,
  server,
  coturn,
  nats,
  operations,
  redis,
  tokens,
  testing,
};
