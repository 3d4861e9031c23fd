import { auc, aucDeviation } from './auc.js'
import { learnStumps } from './boosted-stumps.js'
import type { Features } from './features.js'
import { learnLogistic } from './logistic-regression.js'
import { tableOf } from './table.js'

/** A request and what it really was. */
export interface Labelled {
  /** Milliseconds. */
  readonly arrivedMs: number
  readonly features: Features
  readonly isCheck: boolean
}

export interface Classified {
  /** On requests that it had not seen, by the classifier's name. */
  readonly auc: Readonly<Record<'logistic' | 'stumps', number>>
  /** One standard deviation of these, if nothing can be told. */
  readonly deviation: number
  /** The AUC of the logistic one where it is given only one group of features, the most telling first. */
  readonly groups: readonly (readonly [group: string, auc: number])[]
}

/** Requests of the same moment are learnt from together, or not at all: a round would give its other places away. */
const SPELL_MS = 3_000

const LEARNERS = { logistic: learnLogistic, stumps: learnStumps }

/** Learns from every other spell of time to tell checks in those between them, and the other way round. */
export function classify(requests: readonly Labelled[]): Classified {
  const groups = [
    ...new Set(requests.flatMap(({ features }) => [...features.keys()].map(groupOf))),
  ].map((group) => [group, heldOut(requests.map(only(group)), 'logistic')] as const)
  return {
    auc: { logistic: heldOut(requests, 'logistic'), stumps: heldOut(requests, 'stumps') },
    deviation: aucDeviation(requests.map(({ isCheck }) => isCheck)),
    groups: groups.sort(([, a], [, b]) => Math.abs(b - 0.5) - Math.abs(a - 0.5)),
  }
}

/** In one line, for people. */
export function classifiedLine({ auc, deviation, groups }: Classified): string {
  const figures = [`logistic ${auc.logistic.toFixed(3)}`, `stumps ${auc.stumps.toFixed(3)}`]
  const told = groups.map(([group, value]) => `${group} ${value.toFixed(3)}`)
  return `AUC ${figures.join(', ')} (chance: 0.5 ± ${deviation.toFixed(3)}); alone: ${told.join(', ')}`
}

function only(group: string) {
  return (request: Labelled): Labelled => {
    const kept = [...request.features].filter(([name]) => groupOf(name) === group)
    return { ...request, features: new Map(kept) }
  }
}

function groupOf(name: string): string {
  return name.slice(0, name.indexOf('/'))
}

/** The mean of both halves. */
function heldOut(requests: readonly Labelled[], learner: keyof typeof LEARNERS): number {
  const isOdd = ({ arrivedMs }: Labelled) => Math.floor(arrivedMs / SPELL_MS) % 2 === 1
  const first = requests.filter(isOdd)
  const second = requests.filter((request) => !isOdd(request))
  return (onSecond(first, second, learner) + onSecond(second, first, learner)) / 2
}

function onSecond(
  first: readonly Labelled[],
  second: readonly Labelled[],
  learner: keyof typeof LEARNERS,
): number {
  const all = [...first, ...second]
  const { rows } = tableOf(
    all.map(({ features }) => features),
    first.length,
  )
  const labels = all.map(({ isCheck }) => isCheck)
  const score = LEARNERS[learner](rows.slice(0, first.length), labels.slice(0, first.length))
  return auc(rows.slice(first.length).map(score), labels.slice(first.length))
}
