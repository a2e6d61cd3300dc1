export { connectNats, type NatsBackplaneOptions } from "./nats.js";
