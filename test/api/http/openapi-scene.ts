import { deflateSync } from 'node:zlib'
import type { Client } from '@temporalio/client'
import { toHex } from '../../../formats/bytes.js'
import type { Database } from '../../../ledger/database.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { putFrames } from '../../../ledger/requests/frames.js'
import { completeJob } from '../../../ledger/requests/jobs.js'
import { recordGenesis } from '../../../ledger/schema/genesis.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { attempt, newJob, putContent, success } from '../../ledger/fixtures.js'
import { failWorkflow } from '../../support/end-workflow.js'
import { storedEvidence } from '../../support/records/evidence.js'
import { livedInterval, scenic, settled } from '../network/scene.js'
import type { TestApi } from '../server.js'

/** What a call of each operation needs to be a valid one. */
export interface Scene {
  readonly finished: string
  readonly queued: string
  readonly unwanted: string
  readonly webhook: string
  readonly unwantedWebhook: string
  readonly hotkey: string
  readonly published: number
  readonly failed: number
}

/** A ledger with one of everything that the API can be asked for. */
export async function makeScene(
  db: Database,
  id: VerifierId,
  client: Client,
  api: TestApi,
): Promise<Scene> {
  const prover = scenic(1)
  await livedInterval(db, id, 1, [{ of: prover, passes: 3, served: 1 }])
  await settled(db, id, 1)
  await livedInterval(db, id, 2, [{ of: prover }])
  const finished = await finishedVideo(db, id)
  await settled(db, id, 2)
  await storedEvidence(db, id, 1, prover, false)
  await signRecord(db, id, 1, '0x00')
  const workflowId = intervalWorkflowId(id.netuid, id.verifier, 2)
  await client.workflow.start('verifyInterval', { workflowId, taskQueue: 'by-hand' })
  await failWorkflow(client, 'by-hand')
  return {
    finished,
    queued: (await newJob(db, id)).id,
    unwanted: (await newJob(db, id)).id,
    webhook: await newWebhook(api, 'https://example.com/hook/1'),
    unwantedWebhook: await newWebhook(api, 'https://example.com/hook/2'),
    hotkey: prover.hotkey,
    published: 1,
    failed: 2,
  }
}

async function finishedVideo(db: Database, id: VerifierId): Promise<string> {
  await recordGenesis(db, id, toHex(new Uint8Array(32)))
  const { id: jobId, inferenceId } = await newJob(db, id)
  const { hotkey, registeredBlock } = scenic(1)
  const asked = attempt(1, { inferenceId, hotkey, registeredBlock })
  await startAttempts(db, id, [asked])
  await recordOutcomes(db, id, [success(asked.requestId)])
  const zlib = deflateSync(Buffer.alloc(64 * 64 * 3, 7))
  await putFrames(db, asked.requestId, [{ index: 1, zlib }])
  for (const [variant, mime] of [
    ['video', 'video/mp4'],
    ['thumbnail', 'image/png'],
  ] as const) {
    const file = { mime, bytes: Buffer.from('bytes'), sha256: 'ab'.repeat(32) }
    await putContent(db, jobId, variant, file)
  }
  const end = { winningRequestId: asked.requestId, warnings: [], keptMs: null }
  await completeJob(db, jobId, end)
  return jobId
}

async function newWebhook(api: TestApi, url: string): Promise<string> {
  const res = await api.fetch('/v1/webhooks', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  })
  const { id } = (await res.json()) as { id: string }
  return id
}
