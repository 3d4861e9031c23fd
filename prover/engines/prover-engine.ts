import { FractalError } from '../../base/errors.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import type { QueuedEngine } from '../queue.js'

/** What generates on one GPU. */
export interface ProverEngine extends Generator, QueuedEngine {}

/**
 * All answers of a prover must be of one model and one determinism class, whichever of its GPUs made them.
 * @throws FractalError `workers_differ`
 */
export function assertAlike([first, ...others]: readonly Generator[]): void {
  for (const [i, other] of others.entries()) {
    const [a, b] = [first!, other].map(classParts)
    const differing = Object.keys(a!).filter((part) => a![part] !== b![part])
    if (differing.length === 0) continue
    const [part] = differing
    throw new FractalError(
      'workers_differ',
      `worker ${i + 2} differs from worker 1: ${part} is ${b![part!]}, not ${a![part!]}`,
      { hint: 'A hotkey serves one class: give each kind of GPU a hotkey of its own.' },
    )
  }
}

/** The `name=value` parts of a class string, by name, and the model's root. */
function classParts({ determinismClass, modelRoot }: Generator): Record<string, string> {
  const parts = determinismClass.split(';').map((part, i) => {
    const at = part.indexOf('=')
    return at < 0 ? [`part ${i + 1}`, part] : [part.slice(0, at), part.slice(at + 1)]
  })
  return { ...Object.fromEntries(parts), 'the model’s root': modelRoot }
}
