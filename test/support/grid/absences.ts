interface Absence {
  readonly from: Date
  readonly to: Date
}

/** When a test took provers away, so that what they were asked then may fail. */
export class Absences {
  readonly #of = new Map<string, Absence[]>()

  /** @returns to be called when they are back; names of other processes do no harm */
  begin(names: readonly string[]): () => void {
    const from = new Date()
    return () => {
      for (const name of names) {
        this.#of.set(name, [...(this.#of.get(name) ?? []), { from, to: new Date() }])
      }
    }
  }

  /** For `assertIntervals`. */
  readonly wasAway = (name: string, from: Date, to: Date): boolean =>
    (this.#of.get(name) ?? []).some((absence) => from <= absence.to && absence.from <= to)
}
