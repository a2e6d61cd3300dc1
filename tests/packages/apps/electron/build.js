// The two processes of an Electron app.
import webpack from "webpack";

const shared = { mode: "production", optimization: { minimize: false }, performance: { hints: false } };
const main = {
  ...shared,
  target: "electron-main",
  entry: { main: "./main.js" },
  output: { filename: "[name].cjs" },
};
const renderer = { ...shared, target: "electron-renderer", entry: { renderer: "./renderer.js" } };

webpack([main, renderer], (error, stats) => {
  if (error || stats.hasErrors() || stats.hasWarnings()) console.log(error ?? stats.toString("errors-warnings"));
});
