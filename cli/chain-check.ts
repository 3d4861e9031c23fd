import { parseArgs } from 'node:util'
import { describeError } from '../base/errors.js'
import { ownVersion } from '../base/version.js'
import { type CheckedPlace, checkRuntime } from '../chain/subtensor/check/check-runtime.js'
import { shownEndpoint } from '../chain/subtensor/rpc-socket.js'
import { printLine } from './output.js'

/** What can't be understood, as a shell has it. */
const EXIT_USAGE = 2
const USAGE = `npm run chain:check -- --endpoint wss://HOST:PORT [--netuid N] [--mechanism N]

What the chain's runtime at an endpoint offers, and what Fractal would use of it. Nothing is sent to the chain.
  ok       it is there
  -        it is not there, and there is another way, or it is not needed
  missing  Fractal needs it: then the exit status is 1`

interface Asked extends CheckedPlace {
  readonly endpoints: readonly string[]
}

const asked = parse(process.argv.slice(2))
if (asked === null) {
  printLine(USAGE)
  process.exitCode = EXIT_USAGE
} else {
  const { endpoints, ...place } = asked
  try {
    for (const endpoint of endpoints) await check(endpoint, place)
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`)
    process.exitCode = 1
  }
}

async function check(endpoint: string, place: CheckedPlace): Promise<void> {
  const findings = await checkRuntime(endpoint, place)
  printLine(
    `fractal ${ownVersion()}, node ${process.version}, ${new Date().toISOString()}, ${shownEndpoint(endpoint)}`,
  )
  for (const { is, what } of findings) printLine(`${is.padEnd(7)} ${what}`)
  const missing = findings.filter(({ is }) => is === 'missing')
  printLine('')
  if (missing.length === 0) printLine('Nothing is missing.')
  else {
    printLine(`${missing.length} missing, without which Fractal can't work here:`)
    for (const { what } of missing) printLine(`  ${what}`)
    process.exitCode = 1
  }
}

/** Null for what can't be understood. */
function parse(args: string[]): Asked | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        endpoint: { type: 'string' },
        netuid: { type: 'string', default: '1' },
        mechanism: { type: 'string', default: '0' },
      },
    })
    const [netuid, mechanism] = [Number(values.netuid), Number(values.mechanism)]
    const endpoints = (values.endpoint ?? '').split(',').map((url) => url.trim())
    const isPlace = isUpTo(netuid, 65_535) && isUpTo(mechanism, 255)
    return isPlace && endpoints.every((url) => url !== '') ? { endpoints, netuid, mechanism } : null
  } catch {
    return null
  }
}

function isUpTo(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most
}
