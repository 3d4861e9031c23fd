import assert from 'node:assert/strict'
import { useChain } from '../activities/verifier-site.js'
import { useDatabase } from '../support/postgres.js'
import { captureTraffic } from '../support/wire-classifier/capture-traffic.js'
import { classifiedLine, classify } from '../support/wire-classifier/classify.js'

const REQUESTS = 5_000
const INTERVALS = 15

describe('what 5,000 requests on the wire tell a prover', function () {
  this.timeout(3_600_000)
  const database = useDatabase()
  const chain = useChain()

  it('not which are challenges: AUC 0.45 to 0.55', async () => {
    const requests = await captureTraffic(chain(), database(), {
      provers: 40,
      videoMs: 1_000,
      intervalBlocks: 200,
      rounds: 90,
      corpus: [],
      intervals: INTERVALS,
      perSecond: 7,
      seed: 2,
    })
    const labelled = (kinds: readonly string[], check: string) =>
      requests.flatMap(({ kind, ...request }) =>
        kinds.includes(kind) ? [{ ...request, isCheck: kind === check }] : [],
      )
    const told = labelled(['challenge', 'inference'], 'challenge')
    const found = classify(told)
    const wide = classify(labelled(['wide', 'inference'], 'wide'))
    const line = `${told.length} requests, challenges among users’: ${classifiedLine(found)}`
    process.stdout.write(`${line}\nwide ones among users’: ${classifiedLine(wide)}\n`)
    assert.ok(told.length >= REQUESTS, line)
    for (const value of Object.values(found.auc)) {
      assert.ok(value >= 0.45 && value <= 0.55, line)
    }
  })
})
