import { FractalError } from '../../base/errors.js'
import type { Behaviour } from './behaviour.js'
import { BEHAVIOURS, HONEST_BEHAVIOUR } from './behaviours.js'
import { Farm, Prover } from './prover.js'
import type { SeededRandom } from './random.js'

/** Of a behaviour with more hotkeys than this there is one owner only. */
const MANY_HOTKEYS = 3
/** Owners of each other behaviour. */
const OWNERS = 2

/** One owner: its hotkeys, and the GPUs behind all of them. */
export interface Owner {
  readonly behaviour: Behaviour
  readonly provers: readonly Prover[]
}

export interface Population {
  readonly owners: readonly Owner[]
  readonly provers: readonly Prover[]
  /** All there are. */
  readonly gpus: number
}

/**
 * So many hotkeys: owners of each behaviour, and plainly honest ones for the rest.
 * @param behaviours that take part
 * @throws FractalError `bad_option` when they leave fewer than a third of the hotkeys to honest provers
 */
export function populate(
  provers: number,
  behaviours: readonly Behaviour[],
  random: SeededRandom,
): Population {
  const others = behaviours.flatMap((each) =>
    Array<Behaviour>(each.hotkeys > MANY_HOTKEYS ? 1 : OWNERS).fill(each),
  )
  const taken = others.reduce((sum, { hotkeys }) => sum + hotkeys, 0)
  const honest = provers - taken
  if (honest < provers / 3) {
    throw new FractalError(
      'bad_option',
      `${provers} provers are too few: these behaviours take ${taken} hotkeys, and a third has to be honest`,
    )
  }
  const farms: Farm[] = []
  let uid = 0
  const all = [...Array<Behaviour>(honest).fill(HONEST_BEHAVIOUR), ...others]
  const owners = all.map((behaviour): Owner => {
    const farm = new Farm(behaviour.gpus)
    if (behaviour === HONEST_BEHAVIOUR) farms.push(farm)
    const relayed = farms[random.below(farms.length)]!
    const hotkeys = Array.from({ length: behaviour.hotkeys }, () => uid++)
    return {
      behaviour,
      provers: hotkeys.map(
        (each) => new Prover(each, `h${each}`, behaviour, farm, relayed, random),
      ),
    }
  })
  const gpus = owners
    .filter(({ behaviour }) => behaviour.relays === null)
    .reduce((sum, { behaviour }) => sum + behaviour.gpus, 0)
  return { owners, provers: owners.flatMap((owner) => owner.provers), gpus }
}

/** Those that make sense among so many verifiers, of those that were named; all where none was. */
export function chosenBehaviours(names: readonly string[], verifiers: number): Behaviour[] {
  const unknown = names.find((name) => !BEHAVIOURS.some((each) => each.name === name))
  if (unknown !== undefined)
    throw new FractalError('bad_option', `there is no behaviour "${unknown}"`)
  return BEHAVIOURS.filter(
    (each) => each.verifiers <= verifiers && (names.length === 0 || names.includes(each.name)),
  )
}
