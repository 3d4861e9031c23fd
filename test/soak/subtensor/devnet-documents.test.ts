import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectChain } from '../../../chain/connect.js'
import { removePostgres } from '../../../dev/postgres/start-postgres.js'
import { lastLines } from '../../../dev/process/child.js'
import { freePort } from '../../../dev/process/ports.js'
import { BIN } from '../../support/bin.js'
import { requireSpecOf } from '../../support/subtensor.js'
import { type Devnet, startDevnet } from './devnet-process.js'

const LIMIT_MS = 300_000
/** As real as the one that is shipped, and done in a third of the time. */
const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))
/** In the shell `npx fractal` is this clone's. */
const NPX = `npx() { shift; exec "${process.execPath}" "${BIN}" "$@"; }`

describe('an operator on the devnet', function () {
  this.timeout(LIMIT_MS)
  let folder: string
  let devnet: Devnet | null = null
  const started: ChildProcess[] = []
  const logs = new Set<string>()

  before(async function () {
    await requireSpecOf(this)
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-operator-'))
  })
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return
    for (const log of logs) console.error(`${log}:\n${lastLines(log, 12)}`)
  })
  after(async () => {
    for (const child of started.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await devnet?.stop()
    if (folder === undefined) return
    await removePostgres(path.join(folder, '.fractal', 'devnet', 'pg'))
    await rm(folder, { recursive: true, force: true })
  })

  /** A line of a terminal in which the devnet's settings were read; its words go to a file. */
  function terminal(line: string, name: string): { child: ChildProcess; log: string } {
    const log = path.join(folder, `${name}.log`)
    logs.add(log)
    const { PATH, HOME, TMPDIR } = process.env
    const child = spawn('/bin/sh', ['-c', `${NPX}\n. '${devnet!.envFile}'\n${line}`], {
      cwd: folder,
      env: { PATH, HOME, TMPDIR, FRACTAL_MODEL_DIR: MODEL },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const file = createWriteStream(log)
    child.stdout.pipe(file, { end: false })
    child.stderr.pipe(file, { end: false })
    started.push(child)
    return { child, log }
  }

  async function startRole(line: string, name: string, ready: RegExp): Promise<void> {
    const { child, log } = terminal(line, name)
    for (;;) {
      const words = await readFile(log, 'utf8').catch(() => '')
      if (ready.test(words)) return
      assert.equal(child.exitCode, null, `${name} ended: ${words}`)
      await sleep(100)
    }
  }

  async function answer(line: string): Promise<string> {
    const { child, log } = terminal(line, 'answer')
    await once(child, 'close')
    return readFile(log, 'utf8')
  }

  it('types what the devnet prints, and has weights on the chain', async () => {
    devnet = await startDevnet(folder, ['--devnet.stores'])
    const lines = devnet.printed
      .split('\n')
      .flatMap((line) => /^ {2}(npx .*)/.exec(line)?.[1] ?? [])
    const lineOf = (word: string) => lines.filter((line) => line.startsWith(`npx fractal ${word}`))
    const provers = lineOf('prover')
    assert.equal(provers.length, 2, devnet.printed)
    await Promise.all([
      startRole(lineOf('gpu-worker')[0]!, 'gpu-worker', /takes tasks/),
      ...provers.map(async (line, i) => {
        // Its port may be taken here; the operator's is fixed.
        const own = line.replace(/--axon\.port \d+/, `--axon.port ${await freePort()}`)
        await startRole(own, `prover-${i}`, /the chain has our address/)
      }),
    ])
    await startRole(lineOf('inference-worker')[0]!, 'inference-worker', /serves users’ requests/)
    await startRole(lineOf('verifier')[0]!, 'verifier', /the verifier judges/)

    const show = lineOf('interval show')[0]!
    let shown = ''
    // The last look at it is after its weights were read back.
    while (!/read back and equal/.test(shown)) shown = await answer(show)
    assert.match(await answer(lineOf('interval list')[0]!), /\n1 +\S+ +settled/)

    const chain = await connectChain({
      network: devnet.env.FRACTAL_SUBTENSOR_NETWORK!,
      endpoint: devnet.env.FRACTAL_SUBTENSOR_CHAIN_ENDPOINT,
    })
    try {
      const netuid = Number(devnet.env.FRACTAL_NETUID)
      const told = [...shown.matchAll(/^ +uid (\d+): (\d+)$/gm)].map(([, uid, value]) => [
        Number(uid),
        Number(value),
      ])
      assert.ok(told.length > 0, shown)
      assert.deepEqual(await chain.weights(netuid, 1), told)
    } finally {
      await chain.close()
    }
  })
})
