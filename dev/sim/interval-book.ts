import type { DrawSource } from '../../formats/draws.js'
import { SHARE_WINDOW_INTERVALS, U16_MAX } from '../../rules/constants.js'
import type { Judgement } from '../../rules/judge/judge-answer.js'
import { drawAudits, mostAudits } from '../../rules/plan/audits.js'
import { type GpuTime, gpuBudget } from '../../rules/plan/gpu-budget.js'
import { drawOpening, isSpotChecked } from '../../rules/plan/spot-checks.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { passedSinceCheat } from '../../rules/routing/cheat-probation.js'
import { settle } from '../../rules/settle/settle.js'
import {
  type AnswerRow,
  type CheckRow,
  newProverState,
  type ProverState,
  type Settlement,
  type WideRound,
  type WindowRow,
} from '../../rules/settle/settlement.js'
import { sumWindow } from '../../rules/settle/share-counts.js'
import { type WeightVector, weightVector } from '../../rules/settle/weights.js'
import type { Reason } from '../../rules/verdicts.js'
import { fullCheck } from './judging.js'
import type { SentRequest } from './sent-request.js'
import { BLOCK_MS, CERTIFIED_US_PER_WORK, MODEL, SPOT_CHECK_US, VIDEO_MS, WORK } from './world.js'

/** Nobody registers again. */
export const REGISTERED_BLOCK = 1
/** Of every answer: draws differ by request. */
const TRACE_ROOT = new Uint8Array(32)

export interface SettledInterval {
  readonly settlement: Settlement
  readonly weights: WeightVector
  /** By hotkey. */
  readonly passedSinceCheat: ReadonlyMap<string, number | null>
}

/** A counted answer that may be audited. */
export interface Auditable {
  readonly request: SentRequest
  readonly broken: number
  readonly openingRefused: boolean
  readonly ownClass: boolean
}

/** What one verifier stores of an interval, and what it makes of it when it settles. */
export class IntervalBook {
  #answers: AnswerRow[] = []
  #checks: CheckRow[] = []
  #wideRounds: WideRound[] = []
  /** By request. */
  #auditable = new Map<string, Auditable>()
  #source: DrawSource = { secret: TRACE_ROOT, blockHash: TRACE_ROOT }
  #states: ProverState[]
  readonly #stateOf = new Map<string, ProverState>()
  readonly #window: WindowRow[][] = []
  #passed = new Map<string, number | null>()
  /** Of each interval, for spot checks. */
  readonly #budgetUs: number
  /** Answers of this interval that could be spot-checked. */
  #checkable = 0
  #costUs: number
  #spentUs = 0

  constructor(
    hotkeys: readonly string[],
    private readonly profile: MechanismProfile,
    private readonly gpus: number,
    wideSlots: number,
  ) {
    this.#states = hotkeys.map((hotkey, uid) =>
      newProverState({ hotkey, registeredBlock: REGISTERED_BLOCK, uid }),
    )
    for (const state of this.#states) this.#stateOf.set(state.hotkey, state)
    // The verifier's first interval goes by its wide slots.
    this.#costUs = wideSlots * SPOT_CHECK_US
    this.#budgetUs = gpuBudget({ ...this.#gpuTime, usPerVideo: VIDEO_MS * 1000 }).spotcheckUs
  }

  get #gpuTime(): Omit<GpuTime, 'usPerVideo'> {
    return { length: this.profile.intervalBlocks, blockMs: BLOCK_MS, gpus: this.gpus }
  }

  open(source: DrawSource): void {
    this.#source = source
    this.#spentUs = 0
  }

  addAnswer(
    request: SentRequest,
    outcome: AnswerRow['outcome'],
    ended: { reason: Reason; nowMs: number; taken: readonly string[] | null },
  ): void {
    const { requestId, hotkey, kind, counted, gpus, inFlight } = request
    this.#answers.push({
      requestId,
      hotkey,
      registeredBlock: REGISTERED_BLOCK,
      kind,
      outcome,
      reason: ended.reason,
      counted,
      apiKeyId: request.user?.apiKeyId ?? null,
      completedAtUs: Math.round(ended.nowMs * 1000),
      gpus,
      inFlight,
      taken: ended.taken,
    })
  }

  addCheck(request: SentRequest, kind: CheckRow['kind'], judgement: Judgement): void {
    const { requestId, hotkey, counted } = request
    const key = { requestId, hotkey, registeredBlock: REGISTERED_BLOCK }
    this.#checks.push({ ...key, kind, requestKind: request.kind, counted, ...judgement })
  }

  addWideRound(round: WideRound): void {
    this.#wideRounds.push(round)
  }

  addAuditable(answer: Auditable): void {
    this.#auditable.set(answer.request.requestId, answer)
  }

  /** The step of a delivered answer that is opened; null: none is. */
  drawSpotCheck(requestId: string): number | null {
    this.#checkable += 1
    const budgetUs = this.#budgetUs
    const source = { secret: this.#source.secret, requestId, traceRoot: TRACE_ROOT }
    if (this.#spentUs >= budgetUs) return null
    if (!isSpotChecked(source, { budgetUs, costUs: this.#costUs })) return null
    this.#spentUs += SPOT_CHECK_US
    return drawOpening(source, MODEL).step
  }

  tierOf(hotkey: string): ProverState['tier'] {
    return this.#stateOf.get(hotkey)!.tier
  }

  /** @returns with the hotkeys that were audited */
  settle(n: number): SettledInterval & { audited: string[] } {
    const audited = this.#audit()
    const settlement = settle({
      n,
      profile: this.profile,
      provers: this.#states,
      checks: this.#checks,
      answers: this.#answers,
      wideRounds: this.#wideRounds,
      window: sumWindow(this.#window.flat()),
      certifiedUsPerWork: CERTIFIED_US_PER_WORK,
      standardWork: WORK,
      blocks: this.profile.intervalBlocks,
    })
    const weights = weightVector({
      scores: settlement.provers.map(({ hotkey, uid, scoreAfter }) => ({
        hotkey,
        uid,
        scorePpm: scoreAfter,
      })),
      neurons: this.#states,
      ownUid: null,
      standingCheats: settlement.cheatingHotkeys,
      minAllowed: 1,
      maxWeightLimit: U16_MAX,
    })
    this.#carryOver(settlement)
    return { settlement, weights, passedSinceCheat: this.#passed, audited }
  }

  #audit(): string[] {
    const answers = [...this.#auditable.values()].map(({ request, openingRefused }) => ({
      requestId: request.requestId,
      openingRefused,
    }))
    const max = mostAudits(this.profile, {
      usPerWork: CERTIFIED_US_PER_WORK,
      standardWork: WORK,
      ...this.#gpuTime,
    })
    return drawAudits({ answers, max }, this.#source).map((requestId) => {
      const { request, broken, ownClass } = this.#auditable.get(requestId)!
      const prover = { tier: this.tierOf(request.hotkey), ownClass }
      this.addCheck(request, 'audit', fullCheck('audit', { broken }, prover))
      return request.hotkey
    })
  }

  #carryOver(settlement: Settlement): void {
    const checksOf = new Map<string, CheckRow[]>()
    for (const check of this.#checks) {
      const others = checksOf.get(check.hotkey)
      if (others === undefined) checksOf.set(check.hotkey, [check])
      else others.push(check)
    }
    this.#passed = new Map(
      settlement.provers.map(({ hotkey }) => [
        hotkey,
        passedSinceCheat(this.#passed.get(hotkey) ?? null, checksOf.get(hotkey) ?? []),
      ]),
    )
    this.#states = settlement.provers.map((prover) => ({
      hotkey: prover.hotkey,
      registeredBlock: prover.registeredBlock,
      uid: prover.uid,
      tier: prover.tierAfter,
      totalSuccesses: prover.totalAfter,
      scorePpm: prover.scoreAfter,
      validationsSinceMove: prover.validationsSinceMove,
      fastReturn: prover.fastReturn,
      hasAddress: true,
    }))
    for (const state of this.#states) this.#stateOf.set(state.hotkey, state)
    this.#window.push(settlement.provers)
    if (this.#window.length > SHARE_WINDOW_INTERVALS - 1) this.#window.shift()
    this.#costUs = Math.max(1, this.#checkable * SPOT_CHECK_US)
    this.#checkable = 0
    this.#answers = []
    this.#checks = []
    this.#wideRounds = []
    this.#auditable = new Map()
  }
}

/** A vector as shares that add up to 1, by uid. */
export function sharesOf(weights: WeightVector): Map<number, number> {
  if (weights.kind !== 'weights') return new Map()
  const total = weights.values.reduce((sum, value) => sum + value, 0)
  return new Map(weights.uids.map((uid, i) => [uid, weights.values[i]! / total]))
}
