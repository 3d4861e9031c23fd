// An ordinary prover whose generator is replaced. Options come from the environment (FRACTAL_…).
import { mkdir } from 'node:fs/promises'
import { describeError, FractalError } from '../../base/errors.js'
import { createRoleLog } from '../../base/log.js'
import { resolveOptions } from '../../base/options/options.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { announceReady } from '../../workers/health/announce-ready.js'
import { PROVER_OPTIONS, runProver } from '../../workers/roles/prover.js'
import { pretend } from './cheater.js'
import { cheatsFile, noteCheat } from './cheats-file.js'
import { VILLAINS } from './villains.js'

const [name = ''] = process.argv.slice(2)
try {
  const villain = VILLAINS[name]
  if (villain === undefined) {
    throw new FractalError('no_such_villain', `there is no villain "${name}"`, {
      hint: `One of ${Object.keys(VILLAINS).join(', ')}.`,
    })
  }
  const options = resolveOptions([...PROVER_OPTIONS, 'logging.level'], {}, process.env)
  const stateDir = options['state.dir']
  await mkdir(stateDir, { recursive: true })
  const cheats = cheatsFile(stateDir, options['neuron.name'])
  const running = await runProver(
    options,
    createRoleLog('prover', options['logging.level']),
    (honest) => {
      const cheater = villain(honest, options['model.dir'] ?? defaultModelDir())
      return pretend(honest, cheater, (traceRoot) => noteCheat(cheats, traceRoot))
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running.stop())
  await announceReady()
  await running.finished
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 1
}
