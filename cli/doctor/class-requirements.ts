import type { CLASS_PARTS } from '../../formats/determinism-class.js'
import { classDifference } from './class-difference.js'
import { failed, type Requirement } from './requirement.js'
import type { RoleFacts } from './role-facts.js'

const TODO: Readonly<Record<(typeof CLASS_PARTS)[number], string>> = {
  engine: 'Run the version of Fractal that the verifier runs: others compute other bytes.',
  model: 'Give --model.dir the folder of the model that the verifier judges, unchanged.',
  ep: 'See --device: the verifier judges answers of the other kind.',
  device: 'This verifier can’t judge answers of this device; they would be unproven.',
  fingerprint:
    'Same engine, model and device, but other bytes: compare `software` of /v1/info with another prover’s, and look for overclocking or faulty memory.',
}

/** Whether answers of this machine can be judged by the verifier that was named. */
export function classRequirements({
  engine,
  published,
}: Pick<RoleFacts, 'engine' | 'published'>): Requirement[] {
  if (published === null) return []
  const base = { name: 'determinism class', needed: 'one that the verifier judges' }
  if ('failed' in published) return [failed(base, published)]
  const { classes, verifier } = published.ok
  if (engine === null || 'failed' in engine) {
    return [{ ...base, state: 'unknown', found: 'the engine does not run', todo: null }]
  }
  const [some, ...others] = classes.map((each) => each.determinism_class)
  if (some === undefined) {
    const todo = 'Its GPU worker has certified no class: try again later.'
    return [{ ...base, state: 'unknown', found: `${verifier} judges none`, todo }]
  }
  const difference = classDifference(engine.ok, [some, ...others])
  if (difference === null) {
    const found = `${verifier.slice(0, 8)}… judges it`
    return [{ ...base, state: 'ok', found, todo: null }]
  }
  return [{ ...base, state: 'missing', found: difference.text, todo: TODO[difference.part] }]
}
