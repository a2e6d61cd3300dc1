import { testBroker } from "../backplane/broker-contract.test-support.js";
import { connectRedis } from "./redis.js";

testBroker("redis", connectRedis);
