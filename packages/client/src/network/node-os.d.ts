// What we use of `node:os`. Node's own types would bring all of its globals into a package that runs in browsers.
declare module "node:os" {
  export function networkInterfaces(): Record<string, { address: string; internal: boolean }[] | undefined>;
}
