import assert from 'node:assert/strict'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import { scoresOf } from '../../../ledger/intervals/settlement.js'
import { answersOfInterval } from '../../../ledger/requests/attempts.js'
import { useDatabase } from '../../support/postgres.js'
import { type Behaviour, IntervalSite } from '../interval/interval-site.js'
import { classNamed } from '../stand-in.js'
import { run, useChain } from '../verifier-site.js'

const UNPROVEN = ['unproven', 'other_class', -50_000]
const PASS = ['pass', 'step_equal', 1_000_000]

describe('activities: answers of classes that nobody here can compute', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  async function open(...behaviours: Behaviour[]): Promise<void> {
    site = await IntervalSite.open(chain(), database().db, behaviours)
    await site.begin()
  }

  afterEach(() => site.close())

  it('are unproven, each of them, and earn nothing: whatever was sent', async () => {
    await open('other class', 'honest')
    await site.serve(1, 0)
    await site.askWide(1)
    const { deps } = site.verifier
    await run(createCloseInterval(deps), { n: 1 })
    await run(createFetchOpenings(deps), { n: 1, final: true })
    await site.computeSpotChecks(1)
    await site.judge(1)
    // Again, as after a crash.
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [
      [UNPROVEN, UNPROVEN, UNPROVEN],
      [PASS, PASS],
    ])
    await site.judge(1, true)
    await run(createSettleInterval(deps), { n: 1 })
    const [other, honest] = await scoresOf(deps.db, deps.id, 1)
    assert.ok(other!.observationPpm! < 0, `${other!.observationPpm}`)
    assert.equal(other!.scoreAfter, 0)
    assert.ok(honest!.scoreAfter > 0)
  })

  it('are left alone where the verifier’s own class changed since the interval opened', async () => {
    await open('honest')
    await site.serve(1, 0)
    const { db } = database()
    await db.execute('DELETE FROM certificates WHERE determinism_class = $1', [
      site.determinismClass,
    ])
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[]])
  })

  it('fail, where the prover named another class when the interval opened', async () => {
    await open('honest', 'honest')
    const { deps, provers } = site.verifier
    const named = classNamed('what it said')
    await deps.db.execute(
      'UPDATE interval_provers SET determinism_class = $2 WHERE n = 1 AND hotkey = $1',
      [provers[0]!.ss58, named],
    )
    await site.askWide(1)
    const rows = await answersOfInterval(deps.db, deps.id, 1)
    const ends = provers.map(({ ss58 }) =>
      rows.filter(({ hotkey }) => hotkey === ss58).map(({ outcome, reason }) => [outcome, reason]),
    )
    const CHANGED = ['failure', 'class_changed']
    const SERVED = ['success', 'served']
    assert.deepEqual(ends, [
      [CHANGED, CHANGED],
      [SERVED, SERVED],
    ])
  })
})
