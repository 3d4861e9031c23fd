import type { IntervalSettings } from '../activities/verifier-deps.js'
import type { Log } from '../base/log.js'
import type { Database } from '../ledger/database.js'
import { markMissed } from '../ledger/intervals/intervals.js'
import { type UnfinishedInterval, unfinishedIntervals } from '../ledger/intervals/unfinished.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { TemporalLink } from '../temporal/connection.js'
import { registerSearchAttributes } from '../temporal/register-search-attributes.js'
import { resumeInterval, startInterval } from '../temporal/start/start-interval.js'
import { startIntervalLoop } from '../temporal/start/start-interval-loop.js'
import { intervalLoopId, intervalWorkflowId } from '../temporal/workflow-ids.js'
import { type WorkflowState, workflowState } from '../temporal/workflow-state.js'
import { startPeriodic } from './sweeps/periodic.js'

const PERIOD_MS = 5_000

export interface WatchWorkflowsDeps {
  readonly id: VerifierId
  readonly db: Database
  readonly temporal: TemporalLink
  readonly settings: IntervalSettings
  readonly log: Log
}

/**
 * Watches what a verifier needs in Temporal, where anybody may end a workflow and nothing tells us: the
 * interval loop, which is started again whatever ended it, and the workflow of each interval that is not
 * finished. An interval that somebody ended stays so, because that is how a person gives one up; but it
 * holds up those after it, so it is reported. One that Temporal lost is started again, and so is one that
 * Temporal completed and the ledger, restored from a backup, does not know to be finished. One that is judged
 * or given up holds up nobody: where only its record was not signed, it is resumed once, whoever ended it.
 */
export class WorkflowWatch {
  readonly #deps: WatchWorkflowsDeps
  readonly #timer: { stop: () => void }
  /** Why the loop can't be relied on; null while it runs. */
  #loop: string | null = null
  /** Why each interval needs a person. */
  #intervals = new Map<number, string>()
  /** Unfinished in the ledger and completed in Temporal, when it was last looked. */
  #ahead = new Set<number>()
  /** Resumed for their records' signatures: one that ends again without needs a person. */
  readonly #resumed = new Set<number>()

  constructor(deps: WatchWorkflowsDeps) {
    this.#deps = deps
    const failure = 'looking the workflows up in Temporal failed; will retry'
    this.#timer = startPeriodic(PERIOD_MS, () => this.#look(), deps.log, failure)
  }

  stop(): void {
    this.#timer.stop()
  }

  get isLoopRunning(): boolean {
    return this.#loop === null
  }

  /** For `/readyz`. */
  whyNotReady(): string | null {
    const whys = [this.#loop, ...this.#intervals.values()].filter((why) => why !== null)
    return whys.length === 0 ? null : whys.join('; ')
  }

  async #look(): Promise<void> {
    await this.#lookAtLoop()
    const { db, id } = this.#deps
    const unfinished = await unfinishedIntervals(db, id)
    const whys = new Map<number, string>()
    const ahead = new Set<number>()
    for (const interval of unfinished) {
      const why = await this.#lookAtInterval(interval, ahead)
      if (why !== null) whys.set(interval.n, why)
    }
    this.#ahead = ahead
    this.#noteIntervals(whys)
  }

  async #lookAtLoop(): Promise<void> {
    const { id, temporal, log } = this.#deps
    const workflowId = intervalLoopId(id.netuid, id.verifier)
    const state = await workflowState(temporal.client, workflowId)
    if (state.kind === 'running') {
      if (this.#loop !== null) log.info({ workflow: workflowId }, 'the interval loop runs again')
      this.#loop = null
      return
    }
    if (state.kind === 'blocked') {
      const { why } = state
      const reason = `the interval loop: ${why}; ${REMEDY_BLOCKED}`
      if (this.#loop !== reason)
        log.error({ workflow: workflowId, why }, 'the interval loop is stuck')
      this.#loop = reason
      return
    }
    // Red until it was seen running: one that fails at once would look healthy in between.
    this.#loop = `the interval loop ${howOf(state)}; it is started again`
    log.warn(
      { workflow: workflowId, was: howOf(state) },
      'the interval loop did not run; started again',
    )
    // A namespace that was made anew lacks them, and takes no workflow that has them.
    if (state.kind === 'missing') {
      await registerSearchAttributes(temporal.client, temporal.namespace)
    }
    await startIntervalLoop(temporal, id)
  }

  /** @param ahead takes those that are completed in Temporal alone */
  async #lookAtInterval(interval: UnfinishedInterval, ahead: Set<number>): Promise<string | null> {
    const { id, temporal, settings, log } = this.#deps
    const { n, firstBlock, length, phase } = interval
    const workflowId = intervalWorkflowId(id.netuid, id.verifier, n)
    const state = await workflowState(temporal.client, workflowId)
    switch (state.kind) {
      case 'running':
        return null
      case 'blocked':
        return `interval ${n}: ${state.why}; ${REMEDY_BLOCKED}`
      case 'missing':
        // The loop is about to start it.
        if (phase === 'announced') return null
        log.warn(
          { n, workflow: workflowId },
          'Temporal lost the workflow of an interval; started again',
        )
        await startInterval(temporal.client, { ...id, n, firstBlock, length, ...settings })
        return null
      case 'ended':
        if (state.how === 'completed') {
          // Once, it may have finished between the two questions.
          if (this.#ahead.has(n)) await this.#catchUp(interval)
          else ahead.add(n)
          return null
        }
        if (interval.onlyUnsigned && !this.#resumed.has(n)) {
          this.#resumed.add(n)
          log.warn(
            { n, was: howOf(state) },
            'an interval ended before its record was signed; its workflow is resumed',
          )
          await resumeInterval(temporal.client, { ...id, n, firstBlock, length, ...settings })
          return null
        }
        return `interval ${n}: its workflow ${howOf(state)}; mend the cause, then: fractal interval retry ${n}`
    }
  }

  /** Of an interval that Temporal has completed, while the ledger is that of a backup made in the midst of it. */
  async #catchUp(interval: UnfinishedInterval): Promise<void> {
    const { id, db, temporal, settings, log } = this.#deps
    const { n, firstBlock, length, phase } = interval
    if (phase === 'announced') {
      log.warn(
        { n },
        'the ledger is older than Temporal: an interval that it has only announced is missed',
      )
      await markMissed(db, id, { n, firstBlock, length }, 'verifier_down')
      return
    }
    log.warn(
      { n },
      'the ledger is older than Temporal: an interval that was completed there runs again',
    )
    await resumeInterval(temporal.client, { ...id, n, firstBlock, length, ...settings })
  }

  #noteIntervals(whys: Map<number, string>): void {
    const { log } = this.#deps
    for (const [n, why] of whys) {
      if (this.#intervals.get(n) !== why) log.error({ n, why }, 'an interval does not go on')
    }
    for (const n of this.#intervals.keys()) {
      if (!whys.has(n)) log.info({ n }, 'the interval goes on, or is final')
    }
    this.#intervals = whys
  }
}

const REMEDY_BLOCKED = 'look at it in Temporal, and at this verifier’s log'

function howOf(state: Extract<WorkflowState, { kind: 'ended' | 'missing' }>): string {
  return state.kind === 'missing' ? 'was missing in Temporal' : `has ended (${state.how})`
}
