import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What a running demo says of itself in its state folder: where its stores, chain and wallet are. Holds a password. */
const runFileSchema = z.looseObject({
  pid: z.int().positive(),
  databaseUrl: z.string(),
  temporalAddress: z.string(),
  netuid: z.int().min(0),
  verifier: z.string(),
  chainEndpoint: z.string(),
  walletPath: z.string(),
  walletName: z.string(),
})
export type RunFile = z.infer<typeof runFileSchema>

/** The demo that runs in the first of the state folders that has one; null when none has. */
export function readRunFile(stateDirs: readonly string[]): RunFile | null {
  for (const stateDir of stateDirs) {
    const run = runFileIn(stateDir)
    if (run !== null) return run
  }
  return null
}

function runFileIn(stateDir: string): RunFile | null {
  let text: string
  try {
    text = readFileSync(join(stateDir, 'run.json'), 'utf8')
  } catch {
    return null
  }
  try {
    const run = runFileSchema.parse(JSON.parse(text))
    // A demo that was killed leaves its file behind.
    process.kill(run.pid, 0)
    return run
  } catch {
    return null
  }
}
