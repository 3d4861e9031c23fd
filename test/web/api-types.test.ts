import assert from 'node:assert/strict'
import type { z } from 'zod'
import type { modelSchema } from '../../api/models.js'
import type { intervalDetailSchema } from '../../api/network/interval-schema.js'
import { type intervalLineSchema, phaseSchema } from '../../api/network/intervals.js'
import type { proverDetailSchema } from '../../api/network/prover-schema.js'
import type { proverSchema } from '../../api/network/provers.js'
import { checkKindSchema, tierSchema, verdictSchema } from '../../api/network/schema.js'
import type { summarySchema } from '../../api/network/summary.js'
import type { tierObjectSchema } from '../../api/network/tiers.js'
import type { videoEventSchema } from '../../api/videos/event-stream.js'
import type { videoListSchema } from '../../api/videos/list.js'
import type { videoSchema } from '../../api/videos/object.js'
import type { receiptSchema } from '../../api/videos/receipt-object.js'
import type * as web from '../../web/api-types.js'
import { TIERS } from '../../web/api-types.js'
import { KIND_NAMES, PHASE_WORDS, TIER_NAMES, VERDICTS } from '../../web/words.js'

// Checked by the compiler: a call does not compile when a page reads what the server does not answer, or answers otherwise.
function shown<Page, _Server extends Page>(): void {}
type Of<Schema extends z.ZodType> = z.output<Schema>

shown<web.NetworkSummary, Of<typeof summarySchema>>()
shown<web.TierLine, Of<typeof tierObjectSchema>>()
shown<web.Prover, Of<typeof proverSchema>>()
shown<web.ProverDetail, Of<typeof proverDetailSchema>>()
shown<web.IntervalLine, Of<typeof intervalLineSchema>>()
shown<web.Interval, Of<typeof intervalDetailSchema>>()
shown<web.Video, Of<typeof videoSchema>>()
shown<web.VideoList, Of<typeof videoListSchema>>()
shown<web.VideoEvent, Of<typeof videoEventSchema>>()
shown<web.Model, Of<typeof modelSchema>>()
shown<web.Receipt, Of<typeof receiptSchema>>()

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
