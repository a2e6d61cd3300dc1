import { runRealCase } from "./contract.ts";

// What a test reaches through `page.evaluate`.
Object.assign(globalThis, { runContractCase: (name: string) => runRealCase(name, RTCPeerConnection) });
