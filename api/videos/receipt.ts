import { hiddenBecause, shownThrough } from '../../ledger/intervals/shown.js'
import { settledSinceCheat } from '../../ledger/provers/routing.js'
import { finalVerdicts, receiptOf } from '../../ledger/requests/receipts.js'
import type { ApiDeps } from '../deps.js'
import { ApiError } from '../http/errors.js'
import { type Operation, operation } from '../http/operation.js'
import { assertCompleted, CONTENT_ERRORS, expired, ownVideo, videoId } from './own-video.js'
import { judgmentOf, receiptObject, receiptSchema } from './receipt-object.js'

const DESCRIPTION = `
Enough to check without trust that this prover made these frames for this request: \`answer.signature\` is its sr25519 signature over \`answer.signed_text\`, whose lines hold the sha256 of \`request.body\`, \`frames_sha256\` (over the frames of \`GET /v1/videos/{id}/frames/{index}?format=rgb\`), the trace root, the sha256 of the determinism class, and the model root. \`docs/use-the-api.md\` has the recipe. A signature says who made the frames, not that they are what the model makes: whether the verifier checked this very answer and how is in \`judgment\`, at this address later too; what is known of its prover in \`prover_tier\` and \`prover_caught\`. A receipt outlives the video's content, for as long as the verifier keeps prompts (30 days unless its operator chose otherwise).
`.trim()

/** `GET /v1/videos/{id}/receipt`. */
export function videoReceiptOperation(deps: ApiDeps): Operation {
  return operation({
    id: 'getVideoReceipt',
    method: 'get',
    path: '/v1/videos/{id}/receipt',
    tag: 'Videos',
    access: 'read',
    summary: 'What the prover signed, and what the verifier found',
    description: DESCRIPTION,
    params: videoId,
    answers: { 200: { description: 'The receipt', schema: receiptSchema } },
    errors: CONTENT_ERRORS,
    run: async ({ params, res }) => {
      const job = assertCompleted(await ownVideo(deps, params.id, res))
      if (job.forgottenAt !== null) {
        throw expired(job, 'is no longer stored', 'receipt')
      }
      const row = await receiptOf(deps.db, job.winningRequestId)
      const genesisHash = row?.genesisHash ?? null
      if (row === null || genesisHash === null) {
        throw new ApiError(
          'video_not_ready',
          `The receipt of the video ${job.id} can’t be made yet.`,
          {
            hint: 'The verifier records its chain when it starts: retry once it runs.',
          },
        )
      }
      const { prover: hotkey, registeredBlock, n, phase } = row
      const through = await shownThrough(deps.db, row)
      const [caught, verdicts] = await Promise.all([
        settledSinceCheat(deps.db, row, { hotkey, registeredBlock }, through),
        finalVerdicts(deps.db, row.requestId, through),
      ])
      const isShown = phase !== null && hiddenBecause({ n, phase }, through) === null
      const tier = (row.tierAfter ?? 0) <= through ? row.tier : null
      const judgment = judgmentOf(verdicts, isShown)
      res.json(receiptObject(job, { ...row, tier, genesisHash }, caught, judgment))
    },
  })
}
