import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MadeNode } from '../chain/subtensor/made-node.js'
import { MadeRuntime } from '../chain/subtensor/made-runtime.js'
import { NETUID, putSubnet, strangerOf } from '../chain/subtensor/made-subnet.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** An operator waits ten seconds at most: with 0.2 s for each, and what the command takes to start. */
const MOST_REQUESTS = 35

describe('npm run chain:check', () => {
  const check = (...args: string[]) =>
    run(process.execPath, ['--import=tsx', 'cli/chain-check.ts', ...args], { cwd: ROOT }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    )

  it('says what was asked, by what, and at the end whether something is missing; no keys of an address', async () => {
    const runtime = new MadeRuntime({ timelocked: true, mechanisms: true })
    putSubnet(runtime, { hotkeys: [strangerOf(1)] })
    runtime.put('timestamp', 'now', [], Date.now())
    const node = await MadeNode.start(runtime)
    try {
      const url = node.url.replace('ws://', 'ws://me:SECRET@')
      const { code, stdout } = await check(
        '--endpoint',
        `${url}/?key=SECRET`,
        '--netuid',
        `${NETUID}`,
      )
      assert.equal(code, 0, stdout)
      const [about, ...lines] = stdout.trimEnd().split('\n')
      assert.match(about!, /^fractal \d+\.\d+\.\d+, node v\d+\S*, \d{4}-\d\d-\d\dT\S+Z, ws:\/\/127/)
      assert.equal(lines.at(-1), 'Nothing is missing.')
      assert.ok(
        lines.slice(0, -2).every((line) => /^(ok|-) {5,}\S/.test(line)),
        stdout,
      )
      assert.doesNotMatch(stdout, /SECRET/)
      const requests = [...node.asked.values()].reduce((sum, count) => sum + count, 0)
      assert.ok(requests <= MOST_REQUESTS, `${requests} requests`)
    } finally {
      await node.close()
    }
  })

  it('says how it is asked', async () => {
    const { code, stdout } = await check('--netuid', 'seven')
    assert.equal(code, 2)
    assert.match(stdout, /^npm run chain:check -- --endpoint wss:\/\/HOST:PORT/)
  })
})
