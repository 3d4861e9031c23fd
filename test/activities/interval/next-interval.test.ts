import assert from 'node:assert/strict'
import {
  createNextInterval,
  type NextInterval,
} from '../../../activities/interval/next-interval.js'
import { createOpenInterval } from '../../../activities/interval/open-interval.js'
import { ChainError } from '../../../chain/errors.js'
import { LedgerError } from '../../../ledger/errors.js'
import { announceInterval, listIntervals } from '../../../ledger/intervals/intervals.js'
import { getSecret } from '../../../ledger/intervals/secrets.js'
import { putCertificate } from '../../../ledger/judging/certificates.js'
import { useDatabase } from '../../support/postgres.js'
import { classNamed } from '../stand-in.js'
import {
  makeBlocksWaitedFor,
  makeVerifier,
  run,
  useChain,
  type VerifierSite,
} from '../verifier-site.js'

const LENGTH = 20

describe('activities: the next interval', () => {
  const database = useDatabase()
  const chain = useChain()

  function verifier(): Promise<VerifierSite> {
    return makeVerifier(chain(), database().db)
  }

  before(() =>
    putCertificate(database().db, {
      determinismClass: classNamed('of these tests'),
      modelRoot: 'ab'.repeat(32),
      exact: true,
      runs: 4,
      processes: 2,
      usPerWork: 1_000_000,
      coldUs: 0,
      spotCheckUsPerPixel: 1_000_000,
      profile: 'test',
      framesSha256: 'aa'.repeat(32),
      stepDeviation: 0,
      frameDeviation: 0,
    }),
  )

  /** The activity, while the blocks come that it waits for. */
  function next(site: VerifierSite, after: number): Promise<NextInterval> {
    const onBeat = (details: string) => makeBlocksWaitedFor(site, details)
    return run(createNextInterval(site.deps), { after }, { onBeat })
  }

  /** All recorded intervals, oldest first; those of one verifier follow each other without gaps. */
  async function recorded({ deps }: VerifierSite) {
    const rows = (await listIntervals(deps.db, deps.id, { limit: 100 })).toReversed()
    for (const [i, { n, firstBlock }] of rows.entries()) {
      assert.equal(n, i + 1)
      assert.equal(firstBlock, rows[0]!.firstBlock + i * LENGTH)
    }
    return rows.map(({ phase }) => phase)
  }

  async function finalized({ deps }: VerifierSite): Promise<number> {
    return (await deps.chain.finalized()).number
  }

  it('the first begins a few blocks ahead, its secret committed to before', async () => {
    const it = await verifier()
    const began = await finalized(it)
    const committed: (boolean | null)[] = []
    const first = await run(
      createNextInterval(it.deps),
      { after: 0 },
      {
        onBeat: async () => {
          committed.push((await getSecret(it.deps.db, it.deps.id, 1)) !== null)
          if ((await finalized(it)) < began + 4) await it.harness.advance(1)
        },
      },
    )
    assert.deepEqual([first.n, first.firstBlock, first.length], [1, began + 4, LENGTH])
    assert.equal(await finalized(it), began + 4)
    assert.deepEqual(new Set(committed), new Set([true]))
    assert.deepEqual(await recorded(it), ['announced'])
    assert.equal(first.workflowId, `interval-${it.netuid}-${it.signer.ss58}-1`)
  })

  it('killed after it announced one: the same again, also when another process asks', async () => {
    const it = await verifier()
    const first = await next(it, 0)
    assert.deepEqual(await next(it, 0), first)
    const both = await Promise.all([next(it, 0), next(it, 0)])
    assert.deepEqual(both, [first, first])
    assert.deepEqual(await recorded(it), ['announced'])
  })

  it('each begins where the one before ended', async () => {
    const it = await verifier()
    const first = await next(it, 0)
    await run(createOpenInterval(it.deps), { n: 1 })
    const second = await next(it, 1)
    assert.equal(second.firstBlock, first.firstBlock + LENGTH)
    assert.equal(await finalized(it), second.firstBlock)
    assert.deepEqual(await recorded(it), ['rounds', 'announced'])
  })

  it('those that passed while no verifier ran are missed', async () => {
    const it = await verifier()
    await next(it, 0)
    await run(createOpenInterval(it.deps), { n: 1 })
    await it.harness.advance(3 * LENGTH)
    const after = await next(it, 1)
    // Of 2 the secret was committed to, but it has passed; that of 4 could have been chosen.
    assert.deepEqual(await recorded(it), ['rounds', 'missed', 'missed', 'missed', 'announced'])
    assert.equal(after.n, 5)
    assert.equal(await finalized(it), after.firstBlock)
    for (const n of [3, 4]) assert.equal(await getSecret(it.deps.db, it.deps.id, n), null)
    assert.notEqual(await getSecret(it.deps.db, it.deps.id, 5), null)
  })

  it('those that passed while this process could not look are missed for what kept it', async () => {
    const it = await verifier()
    const { deps, harness } = it
    let trouble: Error | null = null
    const asks = createNextInterval({
      ...deps,
      db: {
        ...deps.db,
        query: (...given) => (trouble === null ? deps.db.query(...given) : Promise.reject(trouble)),
      },
    })
    const onBeat = (details: string) => makeBlocksWaitedFor(it, details)
    const ask = (after: number) => run(asks, { after }, { onBeat })
    let last = 0
    const away = async (why: Error) => {
      trouble = why
      await assert.rejects(ask(last), why)
      await harness.advance(2 * LENGTH)
      trouble = null
      last = (await ask(last)).n
    }
    last = (await ask(0)).n
    await away(new LedgerError('ledger_unavailable', 'Postgres is not available'))
    await away(new ChainError('chain_unreachable', 'no node'))
    // Nobody asked for a while, and nothing failed: the loop itself stood still.
    await harness.advance(2 * LENGTH)
    last = (await ask(last)).n
    // Another process, which began after it had passed.
    await harness.advance(2 * LENGTH)
    await run(createNextInterval(deps), { after: last }, { onBeat })
    const rows = (await listIntervals(deps.db, deps.id, { limit: 100 })).toReversed()
    const causes = rows.flatMap((row) => (row.phase === 'missed' ? [row.missedBecause] : []))
    assert.deepEqual(
      [...new Set(causes)],
      ['ledger_down', 'chain_down', 'loop_down', 'verifier_down'],
    )
  })

  it('one that is found while it runs is judged, being shorter than a restart; afterwards it is missed', async () => {
    for (const [blocks, phase] of [
      [LENGTH - 1, 'announced'],
      [LENGTH, 'missed'],
    ] as const) {
      const it = await verifier()
      await next(it, 0)
      await run(createOpenInterval(it.deps), { n: 1 })
      const second = (await finalized(it)) + LENGTH
      await it.harness.advance(LENGTH + blocks)
      const found = await next(it, 1)
      assert.deepEqual((await recorded(it)).slice(0, 2), ['rounds', phase])
      assert.deepEqual(
        [found.n, found.firstBlock],
        // Of the third nothing was committed to before its first block, which has come too.
        phase === 'missed' ? [4, second + 2 * LENGTH] : [2, second],
      )
    }
  })

  it('one that was announced and never started is missed once it has passed', async () => {
    const it = await verifier()
    const first = await next(it, 0)
    await it.harness.advance(LENGTH)
    const third = await next(it, 0)
    assert.equal(third.firstBlock, first.firstBlock + 2 * LENGTH)
    assert.deepEqual(await recorded(it), ['missed', 'missed', 'announced'])
    await assert.rejects(run(createOpenInterval(it.deps), { n: 1 }), { code: 'not_announced' })
  })

  it('one whose secret was not committed to before its first block is missed', async () => {
    const it = await verifier()
    const { db, id } = it.deps
    // Never opened, so that the secret of the next was not made; its first block is the head.
    const firstBlock = (await it.deps.chain.head()).number - LENGTH
    await announceInterval(db, id, { n: 1, firstBlock, length: LENGTH })
    const found = await next(it, 1)
    assert.deepEqual(await recorded(it), ['announced', 'missed', 'announced'])
    assert.deepEqual([found.n, found.firstBlock], [3, firstBlock + 2 * LENGTH])
    assert.equal(await getSecret(db, id, 2), null)
  })

  it('one block earlier it is committed to, and judged', async () => {
    const it = await verifier()
    const { db, id } = it.deps
    const firstBlock = (await it.deps.chain.head()).number + 1 - LENGTH
    await announceInterval(db, id, { n: 1, firstBlock, length: LENGTH })
    const found = await next(it, 1)
    assert.deepEqual([found.n, found.firstBlock], [2, firstBlock + LENGTH])
    assert.deepEqual(await recorded(it), ['announced', 'announced'])
  })
})
