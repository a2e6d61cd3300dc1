/** A piece of the guide that is to be typed. */
export interface Commands {
  /** The headings that it stands under, from the chapter's on. */
  readonly under: readonly string[];
  readonly text: string;
}

/** What a guide says is to be typed (its blocks of `sh`), in its order. */
export function commandsOf(markdown: string): Commands[] {
  const commands: Commands[] = [];
  let under: string[] = [];
  for (const [, level, title, text] of markdown.matchAll(/^(##+) (.*)$|^```sh\n([\s\S]*?)^```$/gm)) {
    if (text !== undefined) commands.push({ under, text });
    else under = [...under.slice(0, (level as string).length - 2), title as string];
  }
  return commands;
}

/** Those under any heading that a pattern fits, and not under one that another fits. */
export function under(commands: readonly Commands[], wanted: RegExp, unwanted?: RegExp): Commands[] {
  const fits = (pattern: RegExp, { under }: Commands) => under.some((heading) => pattern.test(heading));
  return commands.filter((one) => fits(wanted, one) && !(unwanted !== undefined && fits(unwanted, one)));
}
