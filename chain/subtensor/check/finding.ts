/** One line about what a runtime offers. */
export interface Finding {
  /**
   * `missing`: something that Fractal needs does not exist. `-`: it has an alternative, or is not needed.
   */
  readonly is: 'ok' | 'missing' | '-'
  readonly what: string
}
