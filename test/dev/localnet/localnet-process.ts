import { startLocalnet } from '../../../dev/localnet/server.js'
import { SILENT } from '../../chain/local-harness.js'

// A chain by the clock in a process of its own, for tests that kill it.
const [statePath, port, blockMs] = process.argv.slice(2)
const server = await startLocalnet({
  statePath: statePath!,
  port: Number(port),
  blockMs: Number(blockMs),
  log: SILENT,
})
process.stdout.write(`${server.url}\n`)
