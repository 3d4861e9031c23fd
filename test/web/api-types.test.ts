import assert from 'node:assert/strict'
import type { z } from 'zod'
import type { modelSchema } from '../../api/models.js'
import type { intervalDetailSchema } from '../../api/network-interval-schema.js'
import { type intervalLineSchema, phaseSchema } from '../../api/network-intervals.js'
import type { proverDetailSchema } from '../../api/network-prover-schema.js'
import type { proverSchema } from '../../api/network-provers.js'
import { checkKindSchema, tierSchema, verdictSchema } from '../../api/network-schema.js'
import type { summarySchema } from '../../api/network-summary.js'
import type { tierObjectSchema } from '../../api/network-tiers.js'
import type { receiptSchema } from '../../api/receipt-object.js'
import type { videoListSchema } from '../../api/video-list.js'
import type { videoSchema } from '../../api/video-object.js'
import type { videoEventSchema } from '../../api/video-stream.js'
import type * as web from '../../web/api-types.js'
import { TIERS } from '../../web/api-types.js'
import { KIND_NAMES, PHASE_WORDS, TIER_NAMES, VERDICTS } from '../../web/words.js'

/** Does not compile when a page reads what the server does not answer, or answers otherwise. */
type Shown<Page, Server extends Page> = [Page, Server]
type Of<Schema extends z.ZodType> = z.output<Schema>

export type Held = [
  Shown<web.NetworkSummary, Of<typeof summarySchema>>,
  Shown<web.TierLine, Of<typeof tierObjectSchema>>,
  Shown<web.Prover, Of<typeof proverSchema>>,
  Shown<web.ProverDetail, Of<typeof proverDetailSchema>>,
  Shown<web.IntervalLine, Of<typeof intervalLineSchema>>,
  Shown<web.Interval, Of<typeof intervalDetailSchema>>,
  Shown<web.Video, Of<typeof videoSchema>>,
  Shown<web.VideoList, Of<typeof videoListSchema>>,
  Shown<web.VideoEvent, Of<typeof videoEventSchema>>,
  Shown<web.Model, Of<typeof modelSchema>>,
  Shown<web.Receipt, Of<typeof receiptSchema>>,
]

describe('the pages’ words for what the API answers', () => {
  const same = (own: readonly string[], server: readonly string[]): void =>
    assert.deepEqual([...own].sort(), [...server].sort())

  it('name every tier, phase, verdict and kind of check', () => {
    assert.deepEqual(TIERS, tierSchema.options)
    same(Object.keys(TIER_NAMES), tierSchema.options)
    same(Object.keys(PHASE_WORDS), phaseSchema.options)
    same(VERDICTS, verdictSchema.options)
    same(Object.keys(KIND_NAMES), checkKindSchema.options)
  })
})
