import { FractalError } from '../../base/errors.js'
import type { GridProver } from '../grid/grid.js'
import { VILLAINS } from '../villains/villains.js'

/**
 * With these a first interval settles within a minute on two cores; each prover more costs four videos an
 * interval.
 */
const HONEST = 2
/** One that every check catches, one that half of the spot checks do, one that picks its moments. */
export const DEFAULT_VILLAINS = 'fewer-steps,skips-steps,honest-when-watched'

/**
 * Who serves in a demo.
 * @param villains names of villains separated by commas, or `all`
 * @throws FractalError `no_such_villain`
 */
export function demoProvers(villains: string): GridProver[] {
  const names = villains === 'all' ? Object.keys(VILLAINS) : [...new Set(villains.split(','))]
  for (const name of names) {
    if (Object.hasOwn(VILLAINS, name)) continue
    throw new FractalError('no_such_villain', `there is no villain "${name}"`, {
      hint: `--villains all, or some of ${Object.keys(VILLAINS).join(',')}.`,
    })
  }
  const honest = Array.from({ length: HONEST }, (_, i) => ({ name: `prover-${i + 1}` }))
  return [...honest, ...names.map((name) => ({ name, villain: name }))]
}
