import type { Tier } from '../../rules/tiers.js'
import { BEHAVIOURS, HONEST_BEHAVIOUR } from './behaviours.js'
import type { OwnerResult, SimulationResult } from './simulation.js'

/** The most that a behaviour may earn for each GPU, of an honest GPU's weight; at little load luck weighs more. */
const BOUND = 1.1
const BOUND_AT_LITTLE_LOAD = 1.15
const LITTLE_LOAD = 0.05

/** Honest provers that a verifier sends few users and those it sends many may differ by so much. */
const SERVED_DIFFERENCE = 0.1

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
    ...results.flatMap((result) => {
      const where = `${nameOf(result)}, seed ${result.seed}`
      return [
        ...result.wronglyAccused.map(
          (hotkey) => `${where}: ${hotkey} was accused and never cheated`,
        ),
        ...result.leastOfMost
          .filter((ratio) => Math.abs(1 - ratio) > SERVED_DIFFERENCE)
          .map(
            (r) =>
              `${where}: honest provers served least have ${r.toFixed(2)} of those served most`,
          ),
      ]
    }),
  ]
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
