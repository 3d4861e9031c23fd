import assert from 'node:assert/strict'
import { pino } from 'pino'
import { connectSubtensor } from '../../chain/subtensor/adapter.js'
import { warnOfPruning } from '../../workers/warn-of-pruning.js'
import { MadeNode } from '../chain/subtensor/made-node.js'
import { MadeRuntime } from '../chain/subtensor/made-runtime.js'
import { NETUID, putSubnet, strangerOf } from '../chain/subtensor/made-subnet.js'

describe('a node that forgets states', () => {
  it('is warned of at the start, in one line with what to do, before an interval needs one', async () => {
    const runtime = new MadeRuntime({ timelocked: true, mechanisms: true })
    putSubnet(runtime, { hotkeys: [strangerOf(1)] })
    const node = await MadeNode.start(runtime)
    const chain = await connectSubtensor({ network: 'made', endpoint: node.url })
    try {
      const lines: string[] = []
      const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
      const warn = () => warnOfPruning(chain, { netuid: NETUID, intervalBlocks: 360, log })
      node.advance(900)
      // Of as many blocks as Substrate's nodes keep unless they are told otherwise.
      node.keptFrom = node.head - 256
      await warn()
      assert.deepEqual(lines, [])
      node.keptFrom = node.head - 100
      await warn()
      assert.equal(lines.length, 1)
      const { endpoint, blocks, hint } = JSON.parse(lines[0]!) as Record<string, unknown>
      assert.deepEqual([endpoint, blocks], [node.url, 180])
      assert.match(String(hint), /archive node/)
    } finally {
      await chain.close()
      await node.close()
    }
  })
})
