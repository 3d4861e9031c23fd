import type { Villain } from './cheater.js'
import { fewerSteps } from './fewer-steps.js'
import { halfPrecision } from './half-precision.js'
import { honestWhenWatched } from './honest-when-watched.js'
import { skipsSteps } from './skips-steps.js'

/** The noise of one seed for everybody: a user would hardly notice. */
const ONE_SEED = 7

const ignoresSeed: Villain = (honest) => ({
  generate: async (params, hooks) => ({
    generated: await honest.generate({ ...params, seed: ONE_SEED }, hooks),
    cheated: params.seed !== ONE_SEED,
  }),
})

/** The villains by name. The verifier has no code that knows them. */
export const VILLAINS: Readonly<Record<string, Villain>> = {
  'fewer-steps': fewerSteps,
  'ignores-seed': ignoresSeed,
  'skips-steps': skipsSteps,
  'half-precision': halfPrecision,
  'honest-when-watched': honestWhenWatched(),
}
