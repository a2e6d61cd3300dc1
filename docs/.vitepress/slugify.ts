/** A heading's anchor, as GitHub, GitLab and Gitea make it: a link into a page leads to the same place wherever the page is read. */
export function slugify(heading: string): string {
  const kept = heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "");
  return kept.replaceAll(" ", "-");
}
