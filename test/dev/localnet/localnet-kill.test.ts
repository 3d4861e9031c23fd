import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sr25519Ready } from '../../../base/sr25519.js'
import type { Chain } from '../../../chain/chain.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { startManual, withFolder } from '../../chain/local-harness.js'

const SCRIPT = fileURLToPath(new URL('./localnet-process.ts', import.meta.url))

async function startProcess(statePath: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, statePath, '0', '2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = await once(createInterface({ input: child.stdout! }), 'line')
  return { child, url }
}

/** Follows the chain until it has made some blocks; returns every block it showed. */
async function follow(chain: Chain, blocks: number): Promise<Map<number, string>> {
  const seen = new Map<number, string>()
  const { number: from } = await chain.head()
  for (;;) {
    const head = await chain.head()
    seen.set(head.number, head.hash)
    if (head.number >= from + blocks) return seen
  }
}

describe('local chain, killed', () => {
  before(sr25519Ready)

  it('loses no block that anybody has seen, wherever kill -9 hits', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'chain.json')
      const seen = new Map<number, string>()
      for (let kill = 0; kill < 3; kill++) {
        const { child, url } = await startProcess(path)
        const exited = once(child, 'exit')
        try {
          const chain = await connectLocalChain(url)
          for (const [number, hash] of await follow(chain, 10 + kill)) seen.set(number, hash)
        } finally {
          child.kill('SIGKILL')
          await exited
        }
      }
      const server = await startManual(path, { finalityLag: 0 })
      try {
        const chain = await connectLocalChain(server.url)
        assert.ok(seen.size > 3)
        for (const [number, hash] of seen) {
          assert.deepEqual(await chain.blockAt(number), { number, hash })
        }
      } finally {
        await server.close()
      }
    }))
})
