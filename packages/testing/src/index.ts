export { SeededRandom } from "./core/seeded-random.js";
