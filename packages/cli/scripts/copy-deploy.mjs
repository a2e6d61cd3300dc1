// What an operator needs beside the command, as docs/guide/deploy.md uses it: dist/deploy/ is the repository's deploy/.
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../../deploy/", import.meta.url));
const target = fileURLToPath(new URL("../dist/deploy/", import.meta.url));

await cp(source, target, { recursive: true });
