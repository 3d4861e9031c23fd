/** A way to a node on which an extrinsic can be held. */
export interface Gate {
  readonly url: string
  /**
   * The next extrinsic never gets through (`before`), or gets through and its answer never comes back
   * (`after`). Resolves when that has happened; who sent it waits.
   */
  holdNext(where: 'before' | 'after'): Promise<void>
  close(): Promise<void>
}
