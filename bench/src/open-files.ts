/**
 * Makes sure that a process may hold this many sockets. Node raises its own limit to the hard one when it starts, so
 * there is nothing to raise here.
 * @throws {Error} where it may not.
 */
export function ensureOpenFiles(count: number): void {
  const limit = openFileLimit();
  if (limit >= count) return;
  throw new Error(
    `This bench needs ${count} open files in one process, and ${limit} are allowed: run "ulimit -Hn ${count}" first.`,
  );
}

function openFileLimit(): number {
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly hard: number | string } };
  };
  const hard = report.userLimits?.open_files?.hard;
  return typeof hard === "number" ? hard : Number.POSITIVE_INFINITY;
}
