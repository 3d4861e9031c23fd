import path from 'node:path'
import { parseArgs } from 'node:util'
import { describeError } from '../../base/errors.js'
import { say } from '../say.js'
import { defaultStateRoot } from '../state-dir.js'
import { ProductionRun } from './run.js'

const { values } = parseArgs({
  options: {
    'ports.base': { type: 'string', default: '18400' },
    'state.dir': { type: 'string', default: path.join(defaultStateRoot(), 'production') },
  },
})

try {
  await new ProductionRun({
    stateRoot: path.resolve(values['state.dir']),
    portBase: Number(values['ports.base']),
    blockMs: 1000,
    intervalBlocks: 24,
  }).run()
  say('the production shape holds')
} catch (error) {
  process.stderr.write(`production-shape: ${describeError(error)}\n`)
  process.exitCode = 1
}
