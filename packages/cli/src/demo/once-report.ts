/** What one run of the demo saw. */
export interface OnceReport {
  readonly ok: true;
  readonly server: string;
  readonly agents: readonly string[];
  readonly links: readonly {
    readonly a: string;
    readonly b: string;
    readonly path: string | null;
    readonly openMs: number | null;
    readonly rttMs: number | null;
  }[];
  /** The one that the others elected. */
  readonly leader: string;
  /** Who keeps the index, and how many voted for it. Zero of zero: it was voted for before we came. */
  readonly index: { readonly keeper: string; readonly votes: number; readonly of: number };
  readonly search: { readonly query: string; readonly hits: number; readonly agents: number };
  readonly file: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Each piece was checked against the file's id as it came. */
    readonly verified: boolean;
    /** Who held it. */
    readonly from: readonly string[];
  };
}
