// Ends with 0 where the lab can run, and otherwise with 1 and a sentence that says why not.
import { namespaceObstacle } from "./lab/namespace.ts";

const obstacle = namespaceObstacle();
if (obstacle !== undefined) console.log(obstacle);
process.exitCode = obstacle === undefined ? 0 : 1;
