// `npm run api`: writes down what each package exports, in tests/packages/api. What changes there is a change for users.
import { main, node24, prepare, run } from "./workspace.mjs";

await main(async () => {
  await prepare();
  const { code } = await run(node24, ["tests/packages/support/write-api-reports.ts"]);
  return code;
});
