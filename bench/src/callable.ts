/** What a child process or a page can be asked to do. Arguments and results are plain data. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Whoever offers methods elsewhere, called from here. */
export interface Callable<Offered extends Methods> {
  call<Name extends keyof Offered & string>(
    method: Name,
    ...args: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>>;
}
