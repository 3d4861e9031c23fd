import { DEMO_PROFILE } from '../../rules/profile.js'
import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  ProverState,
  SettlementInput,
  WideRequest,
  WideRound,
  WindowRow,
} from '../../rules/settle/settlement.js'
import { newProverState } from '../../rules/settle/settlement.js'

/** Work of the embedded model's standard video. */
export const WORK = 786432

export function prover(hotkey: string, more: Partial<ProverState> = {}): ProverState {
  const state = newProverState({ hotkey, registeredBlock: 1, uid: 0 })
  return { ...state, ...more }
}

let next = 0

export function answer(of: ProverKey, more: Partial<AnswerRow> = {}): AnswerRow {
  const i = next++
  return {
    requestId: `r${String(i).padStart(6, '0')}`,
    kind: 'inference',
    hotkey: of.hotkey,
    registeredBlock: of.registeredBlock,
    outcome: 'success',
    reason: 'served',
    counted: true,
    apiKeyId: 'local',
    completedAtUs: i,
    gpus: 1,
    inFlight: 0,
    taken: null,
    ...more,
  }
}

export function failure(of: ProverKey, more: Partial<AnswerRow> = {}): AnswerRow {
  return answer(of, { outcome: 'failure', reason: 'no_answer', ...more })
}

/** A 429. */
export function refusal(of: ProverKey, more: Partial<AnswerRow> = {}): AnswerRow {
  return answer(of, { outcome: 'refused', reason: 'refused', taken: [], ...more })
}

/** Of a challenge, or of a user's request. */
export function check(of: ProverKey, more: Partial<CheckRow> = {}): CheckRow {
  const kind = more.kind ?? 'challenge'
  return {
    requestId: `q${String(next++).padStart(6, '0')}`,
    kind,
    requestKind: kind === 'challenge' ? 'challenge' : 'inference',
    counted: true,
    hotkey: of.hotkey,
    registeredBlock: of.registeredBlock,
    verdict: 'pass',
    reason: 'hash_equal',
    rewardPpm: 1_000_000,
    ...more,
  }
}

/** A wide round's own request, delivered. */
export function wideRequest(more: Partial<WideRequest> = {}): WideRequest {
  return {
    requestId: `w${String(next++).padStart(6, '0')}`,
    kind: 'wide',
    counted: true,
    outcome: 'success',
    gpus: 1,
    inFlight: 0,
    taken: null,
    ofRound: true,
    lost: false,
    ...more,
  }
}

/** A round at one GPU, both of whose slots were kept. */
export function wideRound(of: ProverKey, more: Partial<WideRound> = {}): WideRound {
  const { hotkey, registeredBlock } = of
  const requests = [wideRequest(), wideRequest()]
  return { n: 1, round: 1, hotkey, registeredBlock, gpus: 1, requests, ...more }
}

/** An interval in which one GPU was proven, and nothing refused. */
export function provenWindow(of: ProverKey, more: Partial<WindowRow> = {}): WindowRow {
  return {
    hotkey: of.hotkey,
    registeredBlock: of.registeredBlock,
    wideRounds: 2,
    wideGpus: 2,
    newestWideGpus: 1,
    wideSlots: 4,
    wideKept: 4,
    offered: 0,
    accepted: 0,
    ...more,
  }
}

export function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}

/** Of provers that proved a GPU each before it, unless it says otherwise. */
export function interval(more: Partial<SettlementInput> = {}): SettlementInput {
  return {
    n: 1,
    profile: DEMO_PROFILE,
    provers: [],
    checks: [],
    answers: [],
    wideRounds: [],
    window: (more.provers ?? []).map((state) => provenWindow(state)),
    certifiedUsPerWork: null,
    standardWork: WORK,
    blocks: 360,
    ...more,
  }
}

/** Throws when anything inside is written to. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
