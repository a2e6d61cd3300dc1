/**
 * Who may join, by JSON Web Tokens.
 * @module @skein/server/tokens
 */

export { authoriseByToken, type TokenOptions } from "./authorise.js";
export { parseTokenKey, type TokenKey } from "./keys.js";
export { createTokenKeys, signToken, type TokenContents, type TokenKeyPair } from "./sign.js";
