import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { FractalError } from '../../../base/errors.js'
import type { Grid } from '../../grid/grid.js'
import { printLine } from '../../process/print-line.js'

const AGAIN_MS = 5000
const PYTHON = fileURLToPath(new URL('../../../tools/audit.py', import.meta.url))

const listSchema = z.object({ data: z.array(z.object({ n: z.int(), public: z.boolean() })) })

/**
 * Audits all intervals so far with the two programs that everybody has, once their records are public: weights have to be
 * in the open and a later interval settled.
 * @param through the last of them
 * @throws FractalError `sim_failed` with what does not follow
 */
export async function auditSettled(grid: Grid, through: number, patienceMs: number): Promise<void> {
  await untilPublic(grid, through, patienceMs)
  const chain = ['--subtensor.network', 'local', '--subtensor.chain_endpoint', grid.chainEndpoint]
  const range = ['--from', '1', '--to', String(through), '--api', grid.apiUrl]
  printLine(`\n${await said(process.execPath, [grid.bin, 'audit', ...range, ...chain])}`)
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-records-'))
  try {
    const numbers = Array.from({ length: through }, (_, i) => i + 1)
    const files = await Promise.all(
      numbers.map(async (n) => {
        const record = await fetch(`${grid.apiUrl}/v1/network/intervals/${n}/record`)
        const file = path.join(folder, `${n}.json`)
        await writeFile(file, await record.text())
        return file
      }),
    )
    printLine(await said('python3', [PYTHON, ...files]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function untilPublic(grid: Grid, through: number, patienceMs: number): Promise<void> {
  for (const deadline = performance.now() + patienceMs; ; await sleep(AGAIN_MS)) {
    const answer = await fetch(`${grid.apiUrl}/v1/network/records?limit=1000`)
    const { data } = listSchema.parse(await answer.json())
    if (data.find(({ n }) => n === through)?.public === true) return
    if (performance.now() < deadline) continue
    throw new FractalError('sim_failed', `the record of interval ${through} is not public`)
  }
}

/** What a program says that ends with 0. */
async function said(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args)
    return stdout.trim()
  } catch (error) {
    const { stdout = '', stderr = String(error) } = error as { stdout?: string; stderr?: string }
    throw new FractalError('sim_failed', `the intervals do not audit: ${stdout}${stderr}`)
  }
}
