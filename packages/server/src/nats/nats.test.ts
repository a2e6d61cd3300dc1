import { testBroker } from "../backplane/broker-contract.test-support.js";
import { connectNats } from "./nats.js";

testBroker("nats", connectNats);
