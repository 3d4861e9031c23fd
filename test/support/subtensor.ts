import { findSpec } from '../../dev/subtensor/spec.js'
import {
  type DevSubtensor,
  type SubtensorOptions,
  startSubtensor,
} from '../../dev/subtensor/start.js'

const START_MS = 120_000

/**
 * One chain of Subtensor's runtime for the tests of a describe block. Without the chain spec they are
 * pending and the reason is printed; with CI set that is a failure.
 */
export function useSubtensor(options: SubtensorOptions = {}): () => DevSubtensor {
  let running: DevSubtensor | null = null
  before(async function () {
    this.timeout(START_MS)
    const spec = await findSpec()
    if ('missing' in spec) skipWithout(this, spec.missing)
    else running = await startSubtensor({ spec: spec.path, ...options })
  })
  after(async function () {
    this.timeout(START_MS)
    await running?.close()
  })
  return () => {
    if (running === null) throw new Error('the chain is there once the tests run')
    return running
  }
}

/** For tests that start a chain of their own: pending without the spec, a failure in CI. */
export async function requireSpecOf(test: Mocha.Context): Promise<void> {
  const spec = await findSpec()
  if ('missing' in spec) skipWithout(test, spec.missing)
}

function skipWithout(test: Mocha.Context, missing: string): void {
  if (process.env.CI) throw new Error(`These tests need Subtensor's chain spec: ${missing}`)
  console.warn(`      pending: ${missing}`)
  test.skip()
}
