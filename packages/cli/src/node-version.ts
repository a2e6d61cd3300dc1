/** As `engines` of the package has it. */
const oldestNode = 22;

/** What is to be said to whoever runs us by a Node that is too old. */
export function nodeComplaint(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= oldestNode) return undefined;
  return `This is Node ${version}, and Skein needs Node ${oldestNode} or newer: install one, or run it by its path.`;
}
