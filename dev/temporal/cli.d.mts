export interface TemporalCli {
  path: string
  /** `TEMPORAL_CLI`, `PATH` or `cache`. */
  from: string
  version: string
}

export interface FoundCli {
  cli: TemporalCli | null
  /** What was looked at in vain, one line each. */
  tried: string[]
}

export const CLI_VERSION: string
export function parseCliVersion(text: string): number[] | null
export function isRecentEnough(version: number[]): boolean
export function cachedCliPath(env: Record<string, string | undefined>): string
export function findTemporalCli(env?: Record<string, string | undefined>): Promise<FoundCli>
