/** The package's own build for browsers. */
declare module "simple-peer/simplepeer.min.js" {
  export { default } from "simple-peer";
}
