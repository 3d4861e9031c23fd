import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { FractalError } from '../../../base/errors.js'
import type { Grid } from '../../grid/grid.js'
import { printLine } from '../../process/print-line.js'

const AGAIN_MS = 5000

/**
 * Audits an interval with the command that everybody has, once its record is public: its weights have to be in the open
 * and a later interval settled.
 * @throws FractalError `sim_failed` with what the last try said
 */
export async function auditSettled(grid: Grid, n: number, patienceMs: number): Promise<void> {
  const command = [grid.bin, 'audit', String(n), '--api', grid.apiUrl]
  const chain = ['--subtensor.network', 'local', '--subtensor.chain_endpoint', grid.chainEndpoint]
  for (const deadline = performance.now() + patienceMs; ; await sleep(AGAIN_MS)) {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [...command, ...chain])
      printLine(`\n${stdout.trim()}`)
      return
    } catch (error) {
      if (performance.now() < deadline) continue
      const { stdout, stderr } = error as { stdout?: string; stderr?: string }
      throw new FractalError('sim_failed', `interval ${n} does not audit: ${stdout}${stderr}`)
    }
  }
}
