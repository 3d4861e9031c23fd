import assert from 'node:assert/strict'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { attemptFacts } from '../../../ledger/requests/attempts.js'
import { drawAnswer, type HostileAnswer, streamAnswer } from '../../support/hostile/answers.js'
import { casesOf } from '../../support/hostile/cases.js'
import { Draw } from '../../support/hostile/draw.js'
import { useDatabase } from '../../support/postgres.js'
import { IntervalSite } from '../interval/interval-site.js'
import { run, useChain } from '../verifier-site.js'

const { seed, from } = casesOf(0)
const REQUESTS = 30
/** The share of each kind of answer that is changed on the way. */
const CHANGED_PERCENT = { generate: 50, open: 60 }

/** The body of an answer in chunks; null for any other answer. */
function chunkedBody(answer: Buffer): Buffer | null {
  const head = answer.indexOf('\r\n\r\n')
  if (
    !/^HTTP\/1\.1 200 [\s\S]*transfer-encoding: chunked/i.test(answer.toString('latin1', 0, head))
  ) {
    return null
  }
  const parts: Buffer[] = []
  for (let at = head + 4; at < answer.length; ) {
    const line = answer.indexOf('\r\n', at)
    const size = Number.parseInt(answer.toString('latin1', at, line), 16)
    parts.push(answer.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return Buffer.concat(parts)
}

describe('activities: answers that somebody changes on the way', function () {
  this.timeout(120_000)
  const database = useDatabase()
  const chain = useChain()

  it('fail, and call nobody a cheat who signed none; the interval settles', async () => {
    const site = await IntervalSite.open(chain(), database().db, ['tampered', 'tampered', 'honest'])
    try {
      let answers = from
      const notes: string[] = []
      site.tamper = (answer, target): HostileAnswer => {
        const draw = new Draw(seed, answers++)
        const body = chunkedBody(answer)
        const percent = target.endsWith('/open') ? CHANGED_PERCENT.open : CHANGED_PERCENT.generate
        if (body === null || !draw.chance(percent)) return { pieces: [answer], end: 'close' }
        const changed = drawAnswer(draw, streamAnswer(body))
        notes.push(draw.notes.join(', '))
        // Silence is another test's: verifiers wait for long.
        return changed.end === 'silence' ? { ...changed, end: 'close' } : changed
      }
      const what = () => `again: FRACTAL_TEST_SEED=${seed}\n${notes.join('\n')}`
      await site.begin()
      const ids: string[] = []
      for (let i = 0; i < REQUESTS; i++) ids.push(await site.serve(1, i % 3, { seed: 100 + i }))
      await site.askWide(1)
      await site.ask(1)
      const { deps, provers } = site.verifier
      await run(createCloseInterval(deps), { n: 1 })
      await run(createFetchOpenings(deps), { n: 1, final: true })
      await site.computeSpotChecks(1)
      await site.recompute(1, { round: 0 })
      await site.recompute(1, 'audits')
      await site.judge(1, true)
      const outcomes = await attemptFacts(deps.db, ids)
      assert.ok(
        outcomes.every(({ outcome }) => outcome !== null),
        what(),
      )
      const verdicts = await verdictsOf(deps.db, deps.id, 1)
      assert.deepEqual(
        verdicts.filter(({ verdict }) => verdict === 'cheat'),
        [],
        what(),
      )
      const honest = verdicts.filter(({ hotkey }) => hotkey === provers[2]!.ss58)
      assert.deepEqual(new Set(honest.map(({ verdict }) => verdict)), new Set(['pass']), what())
      const checks = verdicts.filter(({ kind }) => kind === 'spotcheck')
      for (const verdict of ['pass', 'fail']) {
        assert.ok(
          checks.some((row) => row.verdict === verdict),
          `${verdict}: ${what()}`,
        )
      }
      await run(createSettleInterval(deps), { n: 1 })
    } finally {
      await site.close()
    }
  })
})
