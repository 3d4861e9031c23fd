import {
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  patched,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow'
import type { GpuActivities } from '../activities/gpu-activities.js'
import type { InferenceActivities } from '../activities/inference-activities.js'
import type { DueRound } from '../activities/interval/open-interval.js'
import type { VerifierActivities } from '../activities/verifier-activities.js'
import type { IntervalSettings } from '../activities/verifier-deps.js'
import { describeFailure, intervalFailure } from './failure.js'
import { IntervalBoard, showCounts } from './interval-board.js'
import { ENDLESS, patience } from './retries.js'

/** What `intervalLoop` passes to an interval. Durations are inputs, so that tests can be quick. */
export interface IntervalInput extends IntervalSettings {
  readonly netuid: number
  readonly verifier: string
  readonly n: number
  readonly firstBlock: number
  readonly length: number
}

/** A round as planned by an older version; intervals opened by this version have none. */
interface BlockRound {
  readonly round: number
  readonly momentBlock: number
}

/** How an interval ended. */
export interface IntervalResult {
  readonly n: number
  readonly phase: 'settled' | 'lapsed'
  readonly weights: string
}

/** The GPU items that failed for good, with the reason of each. */
export const stuckQuery = defineQuery<Record<string, string>>('stuck')
/** Repeats only the items that failed; returns their names. */
export const retryFailedUpdate = defineUpdate<string[]>('retryFailed')

/**
 * One interval, from its plan to its weights. Every effect is an activity keyed by (interval, prover,
 * request).
 */
export async function verifyInterval(input: IntervalInput): Promise<IntervalResult> {
  const { n } = input
  const board = new IntervalBoard(n)
  let retries = 0
  let closing = false
  const gpuWork = new CancellationScope()
  setHandler(stuckQuery, () => Object.fromEntries(board.stuck))
  setHandler(retryFailedUpdate, () => {
    retries += 1
    return [...board.stuck.keys()]
  })

  // Reads and writes of the ledger, the chain and provers: seconds each. A heartbeat tells a killed
  // worker from a slow one; the retries bridge an outage (see retries.ts for why they are counted).
  const act = proxyActivities<VerifierActivities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '10 s',
    retry: patience(input.ledgerPatienceSeconds),
  })
  // Waits for a block or for the previous interval: as long as it takes.
  const wait = proxyActivities<VerifierActivities>({
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '10 s',
    retry: ENDLESS,
  })
  // Calls that end by themselves, but late: a slow prover's deadline, a rate limit of half an hour; outages
  // as above.
  const long = proxyActivities<VerifierActivities>({
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '10 s',
    retry: patience(input.ledgerPatienceSeconds),
  })
  // Recording a failure: not worth delaying it with retries.
  const once = proxyActivities<VerifierActivities>({
    startToCloseTimeout: '30 s',
    retry: { maximumAttempts: 2 },
  })
  // The GPU queue. No schedule-to-start timeout: the scope below ends the wait at the deadline.
  const gpu = proxyActivities<GpuActivities>({
    taskQueue: input.gpuQueue,
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '10 s',
    // As long as the ledger may be unavailable; a GPU task that still fails then needs a person, and is
    // parked.
    retry: patience(input.ledgerPatienceSeconds),
  })

  // The workers that send users' requests, so that everything sent to provers comes from the same processes.
  // The timeout is that of a slow prover's deadline; the scope below ends the wait if there is no worker.
  const inference = proxyActivities<InferenceActivities>({
    taskQueue: input.inferenceQueue,
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '10 s',
    retry: patience(input.ledgerPatienceSeconds),
  })

  const parked = async (item: string, run: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await gpuWork.run(run)
        board.unpark(item)
        return
      } catch (error) {
        if (isCancellation(error)) return
        board.park(item, describeFailure(error).message)
      }
      const seen = retries
      await condition(() => retries > seen || closing)
      if (closing) return
    }
  }

  const judgeRound = async (round: number): Promise<void> => {
    await parked(`round ${round}`, () =>
      gpu.recompute.executeWithOptions({ summary: `round ${round}: ground truth` }, [
        { netuid: input.netuid, verifier: input.verifier, n, what: { round } },
      ]),
    )
    const counts = await act.judge.executeWithOptions({ summary: `round ${round}: verdicts` }, [
      { n, round, final: false },
    ])
    board.note(`round ${round}`, showCounts(counts))
  }

  const asking = new CancellationScope()
  /** @returns false if it was given up because the interval is over and no worker asked */
  const ask = async (run: () => Promise<unknown>): Promise<boolean> => {
    try {
      await asking.run(run)
      return true
    } catch (error) {
      if (isCancellation(error) && closing) return false
      throw error
    }
  }

  const runRound = async ({ kind, round, dueInMs }: DueRound): Promise<void> => {
    const name = kind === 'wide' ? `wide round ${round}` : `round ${round}`
    const asked = await ask(async () => {
      await sleep(dueInMs, { summary: `${name} begins` })
      if (kind === 'wide') {
        await inference.askWide.executeWithOptions({ summary: `${name}: ask every prover` }, [
          { n, round },
        ])
      } else {
        await inference.askRound.executeWithOptions({ summary: `${name}: ask the sample` }, [
          { n, round },
        ])
      }
    })
    if (asked && kind === 'challenge') await judgeRound(round)
  }

  /** For an interval begun by an older version: its rounds begin at blocks, and the verifier itself asks. */
  const runBlockRound = async (round: number, firstMoment: number): Promise<void> => {
    // Not awaited here, because the GPU may be behind: a prover that refused is asked again at its block, not
    // when the GPU is done.
    const judging: Promise<{ error: unknown } | null>[] = []
    for (let moment: number | null = firstMoment; moment !== null; ) {
      await wait.awaitBlock.executeWithOptions(
        { summary: `round ${round}: wait for block ${moment}` },
        [{ block: moment }],
      )
      const asked = await long.askRound.executeWithOptions(
        { summary: `round ${round}: ask the provers` },
        [{ n, round }],
      )
      // Caught here and thrown below, because nothing awaits it before all were asked.
      judging.push(
        judgeRound(round).then(
          () => null,
          (error: unknown) => ({ error }),
        ),
      )
      moment = asked.nextMoment
    }
    for (const failed of await Promise.all(judging)) {
      if (failed !== null) throw failed.error
    }
  }

  const recomputeAudits = async (count: number): Promise<void> => {
    if (count === 0) return
    // Before the rounds of the interval that runs in the meantime, because a settlement waits for these.
    const options = { summary: `recompute ${count} audits`, priority: { priorityKey: 1 } }
    await parked('audits', () =>
      gpu.recompute.executeWithOptions(options, [
        { netuid: input.netuid, verifier: input.verifier, n, what: 'audits' },
      ]),
    )
  }

  /** One batch of spot checks: opened by the provers, computed, judged. */
  const spotCheckBatch = async (final: boolean): Promise<{ over: boolean }> => {
    const { waiting, over } = await long.fetchOpenings.executeWithOptions(
      { summary: final ? 'spot checks: the last openings' : 'spot checks: openings' },
      [{ n, final }],
    )
    if (waiting === 0) return { over }
    const options = { summary: `spot checks: compute ${waiting} steps` }
    await parked('spot checks', () =>
      gpu.computeSpotChecks.executeWithOptions(options, [
        { netuid: input.netuid, verifier: input.verifier, n },
      ]),
    )
    const counts = await act.judge.executeWithOptions({ summary: 'spot checks: verdicts' }, [
      { n, round: null, final: false },
    ])
    board.note('verdicts', showCounts(counts))
    return { over }
  }

  // Openings are requested within minutes of an answer: throughout the interval, and once after its end.
  const spotCheck = async (isOver: () => boolean): Promise<void> => {
    for (let over = false; !over && !isOver(); ) over = (await spotCheckBatch(false)).over
    // The last block is final, but users' outcomes belong to this interval until it is closed.
    await condition(isOver)
    await spotCheckBatch(true)
  }

  const conclude = async (phase: 'settled' | 'lapsed'): Promise<IntervalResult> => {
    let weights = 'disabled'
    if (input.setWeights && phase === 'settled') {
      board.enter('weights')
      const set = await long.setWeights.executeWithOptions({ summary: 'weights, exactly once' }, [
        { n },
      ])
      weights = set.line
      board.note('weights', weights)
    }
    await act.signRecord.executeWithOptions({ summary: 'sign the record' }, [{ n }])
    board.enter(phase)
    return { n, phase, weights }
  }

  try {
    board.enter('open')
    const plan = await act.openInterval.executeWithOptions(
      { summary: 'metagraph, provers and plan' },
      [{ n }],
    )
    board.note('provers', `${plan.provers}, of which ${plan.reachable} answered`)
    // Already final: this is a reset. Only its weights and its signature may be missing.
    if (plan.final !== null) return await conclude(plan.final)

    board.enter('rounds')
    const lastBlock = input.firstBlock + input.length - 1
    const planned: readonly (DueRound | BlockRound)[] = plan.rounds
    const rounds = Promise.all(
      planned.map((r) =>
        'momentBlock' in r ? runBlockRound(r.round, r.momentBlock) : runRound(r),
      ),
    )
    let over = false
    const spotChecks = patched('spot-checks') ? spotCheck(() => over) : Promise.resolve()
    // A failed round ends the interval at once; after the last round, it just waits for the last block.
    await Promise.race([
      Promise.all([rounds, spotChecks]).then(() => new Promise<never>(() => undefined)),
      wait.awaitBlock.executeWithOptions({ summary: `wait for the last block, ${lastBlock}` }, [
        { block: lastBlock },
      ]),
    ])

    board.enter('audit')
    const audits = await act.closeInterval.executeWithOptions(
      { summary: 'close, draw the audits' },
      [{ n }],
    )
    over = true
    const everything = Promise.all([rounds, recomputeAudits(audits.count), spotChecks])
    // What is missing at the deadline becomes abstained: a GPU that is down must not delay the settlement.
    const inTime = await Promise.race([
      everything.then(() => true),
      sleep(input.auditPatienceSeconds * 1000).then(() => false),
    ])
    if (!inTime) {
      closing = true
      gpuWork.cancel()
      asking.cancel()
      await everything
    }

    const counts = await act.judge.executeWithOptions({ summary: 'the last verdicts' }, [
      { n, round: null, final: true },
    ])
    board.note('verdicts', showCounts(counts))

    board.enter('settling')
    await wait.awaitTurn.executeWithOptions(
      { summary: 'wait until the intervals before are final' },
      [{ n }],
    )
    const settled = await act.settleInterval.executeWithOptions(
      { summary: 'rates, moves, scores' },
      [{ n }],
    )
    board.note('settled', settled.line)

    return await conclude(settled.phase)
  } catch (error) {
    if (isCancellation(error)) throw error
    const failure = intervalFailure(n, board.phase, error)
    board.note('failed', failure.message)
    const phase = board.phase
    board.enter('failed')
    if (failure.type !== 'LedgerUnavailable') {
      await once.noteFailure({ n, failure: `${failure.type} in ${phase}` }).catch(() => undefined)
    }
    throw failure
  }
}
