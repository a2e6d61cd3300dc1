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
  readonly search: { readonly query: string; readonly hits: number };
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: string; readonly verified: boolean };
}
