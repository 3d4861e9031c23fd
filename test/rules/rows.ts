import { DEMO_PROFILE } from '../../rules/profile.js'
import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  ProverState,
  SettlementInput,
} from '../../rules/settle/settlement.js'
import { newProverState } from '../../rules/settle/settlement.js'

/** Work of the embedded model's standard video. */
export const WORK = 786432

export function prover(hotkey: string, more: Partial<ProverState> = {}): ProverState {
  const state = newProverState({ hotkey, registeredBlock: 1, uid: 0, coldkey: `c-${hotkey}` })
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
    work: WORK,
    elapsedUs: 1_000_000,
    completedAtUs: i,
    ...more,
  }
}

export function failure(of: ProverKey, more: Partial<AnswerRow> = {}): AnswerRow {
  return answer(of, { outcome: 'failure', reason: 'no_answer', elapsedUs: null, ...more })
}

export function check(of: ProverKey, more: Partial<CheckRow> = {}): CheckRow {
  return {
    requestId: `q${String(next++).padStart(6, '0')}`,
    kind: 'challenge',
    hotkey: of.hotkey,
    registeredBlock: of.registeredBlock,
    verdict: 'pass',
    reason: 'hash_equal',
    rewardPpm: 1_000_000,
    ...more,
  }
}

export function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}

export function interval(more: Partial<SettlementInput> = {}): SettlementInput {
  return {
    n: 1,
    profile: DEMO_PROFILE,
    provers: [],
    checks: [],
    answers: [],
    offers: [],
    certifiedUsPerWork: null,
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
