import type { Tier } from '../../rules/tiers.js'
import { BEHAVIOURS, HONEST_BEHAVIOUR } from './behaviours.js'
import { mean, sum } from './mean.js'
import type { OwnerResult, SimulationResult } from './simulation.js'

/** The most that a behaviour may earn for each GPU, of an honest GPU's weight; at little load luck weighs more. */
const BOUND = 1.1
const BOUND_AT_LITTLE_LOAD = 1.15
const LITTLE_LOAD = 0.05

/** What honest provers that are sent few users and those that are sent many are paid may differ by so much. */
const SERVED_DIFFERENCE = 0.1
/** And at one verifier of several: what one of them pays less, the others pay more (docs/decisions/0025). */
const SERVED_DIFFERENCE_AT_ONE = 0.15

/** Tiers of a path that are shown. */
const PATH_POINTS = 6
const LETTERS: Record<Tier, string> = {
  bronze: 'B',
  silver: 'S',
  gold: 'G',
  grandmaster: 'M',
  challenger: 'C',
}

/** What the table shows of a behaviour at one load among so many verifiers, from all seeds. */
export interface Cell {
  readonly behaviour: string
  readonly load: number
  readonly verifiers: number
  readonly weightPerGpu: number
  /** As letters, at some intervals: Bronze, Silver, Gold, grandMaster, Challenger. */
  readonly path: string
  /** Hotkeys that gave false answers, how many of them were caught, and the mean of intervals until then. */
  readonly cheating: number
  readonly caught: number
  readonly caughtAfter: number | null
}

export function cellsOf(results: readonly SimulationResult[]): Cell[] {
  const groups = new Map<string, { result: SimulationResult; owners: OwnerResult[] }>()
  for (const result of results) {
    for (const owner of result.owners) {
      const key = `${owner.behaviour}/${result.load}/${result.verifiers}`
      const group = groups.get(key) ?? { result, owners: [] }
      group.owners.push(owner)
      groups.set(key, group)
    }
  }
  return [...groups.values()].map(({ result: { load, verifiers }, owners }) => {
    const cheating = owners.flatMap(({ caughtAfter }) => caughtAfter)
    const caught = cheating.filter((after) => after !== null)
    return {
      behaviour: owners[0]!.behaviour,
      load,
      verifiers,
      weightPerGpu: mean(owners.map(({ weightPerGpu }) => weightPerGpu)),
      path: pathOf(owners[0]!.tiers),
      cheating: cheating.length,
      caught: caught.length,
      caughtAfter: caught.length === 0 ? null : mean(caught),
    }
  })
}

function pathOf(tiers: readonly Tier[]): string {
  const points = Math.min(PATH_POINTS, tiers.length)
  const at = (i: number) => tiers[Math.round(((i + 1) * tiers.length) / points) - 1]!
  return Array.from({ length: points }, (_, i) => LETTERS[at(i)]).join('')
}

/** What the mechanism promises and a simulation refutes: a line each; none when all holds. */
export function brokenPromises(results: readonly SimulationResult[]): string[] {
  return [
    ...cellsOf(results).flatMap(tooMuch),
    ...results.flatMap((result) =>
      result.wronglyAccused.map(
        (hotkey) =>
          `${nameOf(result)}, seed ${result.seed}: ${hotkey} was accused and never cheated`,
      ),
    ),
    ...servedOf(results)
      .filter(
        ({ ratio, atOne }) =>
          Math.abs(1 - ratio) > SERVED_DIFFERENCE || Math.abs(1 - atOne) > SERVED_DIFFERENCE_AT_ONE,
      )
      .map((served) => `${nameOf(served)}: ${servedText(served)}`),
  ]
}

/** Weight of the honest provers that were served least, of those served most, at one load among so many verifiers. */
export interface Served extends Pick<Cell, 'load' | 'verifiers'> {
  /** By all verifiers together: the mean over the seeds. */
  readonly ratio: number
  /** By one verifier, in its weights: the mean over verifiers and seeds, each another draw of the same. */
  readonly atOne: number
  /** Standard error of `atOne`; null of a single draw. */
  readonly error: number | null
}

export function servedOf(results: readonly SimulationResult[]): Served[] {
  const groups = new Map<string, SimulationResult[]>()
  for (const result of results) {
    const key = nameOf(result)
    groups.set(key, [...(groups.get(key) ?? []), result])
  }
  return [...groups.values()].map((group) => {
    const { load, verifiers } = group[0]!
    const ratios = group.flatMap(({ leastOfMostByVerifier }) => leastOfMostByVerifier)
    const atOne = mean(ratios)
    const squares = ratios.map((each) => (each - atOne) ** 2)
    const { length } = ratios
    const error = length < 2 ? null : Math.sqrt(sum(squares) / (length * (length - 1)))
    const ratio = mean(group.map(({ leastOfMost }) => leastOfMost))
    return { load, verifiers, ratio, atOne, error }
  })
}

export function servedText({ verifiers, ratio, atOne, error }: Served): string {
  const spread = error === null ? '' : ` ± ${error.toFixed(3)}`
  const [own, every] =
    verifiers === 1 ? [spread, ''] : ['', `; at one of the verifiers ${atOne.toFixed(3)}${spread}`]
  return `honest provers served least have ${ratio.toFixed(3)}${own} of the weight of those served most${every}`
}

function tooMuch(cell: Cell): string[] {
  const bound = cell.load <= LITTLE_LOAD ? BOUND_AT_LITTLE_LOAD : BOUND
  const mayEarnMore = BEHAVIOURS.find(({ name }) => name === cell.behaviour)?.isHonestFront ?? false
  if (cell.behaviour === HONEST_BEHAVIOUR.name || mayEarnMore || cell.weightPerGpu <= bound) {
    return []
  }
  const weight = cell.weightPerGpu.toFixed(2)
  return [`${nameOf(cell)}: "${cell.behaviour}" earns ${weight} of an honest GPU, above ${bound}`]
}

function nameOf({ load, verifiers }: Pick<Cell, 'load' | 'verifiers'>): string {
  return `${percent(load)} load, ${verifiers} verifier${verifiers === 1 ? '' : 's'}`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** A table in Markdown: a row a behaviour, weight for each GPU at each load, and the rest at the last load. */
export function tableOf(results: readonly SimulationResult[], verifiers: number): string[] {
  const cells = cellsOf(results).filter((cell) => cell.verifiers === verifiers)
  const loads = [...new Set(cells.map(({ load }) => load))]
  const names = [...new Set(cells.map(({ behaviour }) => behaviour))]
  const shown = loads.includes(0.5) ? 0.5 : loads.at(-1)
  const heads = ['behaviour', ...loads.map(percent), 'tiers', 'caught', 'after intervals']
  const rows = names.map((name) => {
    const own = cells.filter(({ behaviour }) => behaviour === name)
    const { path, cheating, caught, caughtAfter } = own.find(({ load }) => load === shown)!
    return [
      name,
      ...own.map(({ weightPerGpu }) => weightPerGpu.toFixed(2)),
      path,
      cheating === 0 ? '–' : `${caught} of ${cheating}`,
      caughtAfter === null ? '–' : caughtAfter.toFixed(1),
    ]
  })
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}
