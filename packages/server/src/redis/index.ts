export { connectRedis, type RedisBackplaneOptions } from "./redis.js";
