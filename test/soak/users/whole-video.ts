import assert from 'node:assert/strict'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import { getJob } from '../../../ledger/requests/jobs.js'
import { GridGenerator } from '../../support/grid-prover.js'
import { SMALL_VIDEO } from '../../support/model-folder.js'
import type { GridApi, SmallGrid } from '../../support/small-grid.js'

/** One success, of the very frames that its seed makes, whatever happened meanwhile; and `api` has its file. */
export async function assertWhole(grid: SmallGrid, jobId: string, api: GridApi): Promise<void> {
  const job = (await getJob(grid.db, jobId))!
  assert.equal(job.status, 'completed')
  const attempts = await attemptsOf(grid.db, job.inferenceId)
  assert.deepEqual(
    attempts.map((row) => row.outcome),
    ['success'],
  )
  const alone = await new GridGenerator({ ...SMALL_VIDEO, ...grid.options.video }, 0).generate(job)
  assert.equal(attempts[0]!.framesSha256, alone.framesSha256)
  const content = await grid.fetch(`/v1/videos/${jobId}/content`, {}, api)
  assert.equal(content.status, 200)
  assert.ok((await content.arrayBuffer()).byteLength > 100)
}
