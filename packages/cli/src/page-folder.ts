import { fileURLToPath } from "node:url";

/** Where the build puts the web page: beside the folder of this program. */
export const pageFolder = fileURLToPath(new URL("../page/", import.meta.url));
