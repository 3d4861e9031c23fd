import { parseArgs } from 'node:util'
import { describeError } from '../base/errors.js'
import { checkRuntime } from '../chain/subtensor/check/check-runtime.js'
import { printLine } from './output.js'

/** What can't be understood, as a shell has it. */
const EXIT_USAGE = 2
const USAGE = 'npm run chain:check -- --endpoint wss://HOST:PORT [--netuid N]'

try {
  const { values } = parseArgs({
    options: { endpoint: { type: 'string' }, netuid: { type: 'string', default: '1' } },
  })
  const netuid = Number(values.netuid)
  if (values.endpoint === undefined || !Number.isInteger(netuid)) {
    printLine(USAGE)
    process.exitCode = EXIT_USAGE
  } else {
    const findings = await checkRuntime(values.endpoint, netuid)
    for (const { is, what } of findings) printLine(`${is.padEnd(7)} ${what}`)
    if (findings.some(({ is }) => is === 'missing')) process.exitCode = 1
  }
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 1
}
