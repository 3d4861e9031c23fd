/**
 * Names for the parts of the API's responses that the pages use. The types are generated from its OpenAPI
 * document.
 */
import type { components } from './api-schema.js'

type Schemas = components['schemas']

export interface List<T> {
  readonly data: readonly T[]
}

export type NetworkSummary = Schemas['Network']
export type TierLine = Schemas['Tier']
export type Tier = TierLine['tier']

export type Prover = Schemas['Prover']
export type ProverDetail = Schemas['ProverDetail']
export type TierChecks = ProverDetail['this_tier']
/** A condition of a tier: what the prover has, and what is required. */
export type TierCheck = Schemas['TierCheck']
export type HistoryPoint = ProverDetail['history'][number]
export type ProverMove = ProverDetail['moves'][number]

export type RecordList = Schemas['RecordList']
export type Audits = Schemas['Audits']
export type AuditResults = Schemas['AuditResults']
export type AuditedInterval = AuditResults['intervals'][number]

export type IntervalList = Schemas['IntervalList']
export type IntervalLine = Schemas['IntervalLine']
export type Interval = Schemas['Interval']
export type Phase = Interval['phase']
export type IntervalScore = Interval['scores'][number]
export type IntervalCheck = NonNullable<Interval['verdicts']>[number]
export type Verdict = IntervalCheck['verdict']
export type CheckKind = IntervalCheck['kind']

export type Video = Schemas['Video']
export type VideoList = Schemas['VideoList']
export type VideoEvent = Schemas['VideoEvent']
export type Model = Schemas['Model']
/** What a prover signed for one video, and what the verifier found. */
export type Receipt = Schemas['Receipt']
