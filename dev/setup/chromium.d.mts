export interface FoundChromium {
  /** Null when there is none. */
  readonly path: string | null
  /** What was looked at in vain. */
  readonly tried: readonly string[]
}

export function getChromium(
  say: (line: string) => void,
  env?: Record<string, string | undefined>,
): Promise<FoundChromium>
