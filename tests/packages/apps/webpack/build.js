import webpack from "webpack";

webpack({ mode: "production", entry: "./main.js" }, (error, stats) => {
  if (error || stats.hasErrors() || stats.hasWarnings()) console.log(error ?? stats.toString("errors-warnings"));
});
