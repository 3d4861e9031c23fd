import assert from 'node:assert/strict'
import { useChain } from '../activities/verifier-site.js'
import { useDatabase } from '../support/postgres.js'
import { captureTraffic } from '../support/wire-classifier/capture-traffic.js'
import { classifiedLine, classify } from '../support/wire-classifier/classify.js'
import type { Features } from '../support/wire-classifier/features.js'

/** In standard deviations: one in 16,000 of such runs is further off by chance. */
const FAR = 4

// Takes half a minute; of 5,000 requests is wire-classifier.test.ts.
describe('activities: what a prover sees of rounds', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const chain = useChain()

  it('does not tell challenges from users’ requests, as far as 200 requests show', async () => {
    const requests = await captureTraffic(chain(), database(), {
      provers: 40,
      videoMs: 800,
      intervalBlocks: 90,
      rounds: 66,
      corpus: [],
      intervals: 1,
      perSecond: 8,
      seed: 1,
    })
    const told = requests.filter(({ kind }) => kind !== 'wide')
    assert.ok(told.length > 120, `${told.length} requests`)
    // Milliseconds of a machine that many tests share say nothing: the long one has these too.
    const features = (all: Features) =>
      new Map([...all].filter(([name]) => !name.startsWith('speed/')))
    const found = classify(
      told.map((request) => ({
        arrivedMs: request.arrivedMs,
        features: features(request.features),
        isCheck: request.kind === 'challenge',
      })),
    )
    for (const value of Object.values(found.auc)) {
      assert.ok(Math.abs(value - 0.5) < FAR * found.deviation, classifiedLine(found))
    }
  })
})
