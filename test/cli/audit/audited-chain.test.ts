import assert from 'node:assert/strict'
import type { Chain } from '../../../chain/chain.js'
import type { ChainOptions } from '../../../chain/connect.js'
import { ChainError } from '../../../chain/errors.js'
import { AuditedChain } from '../../../cli/audit/audited-chain.js'

const FINNEY = '2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03'
const TEST = '8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105'
const MINE = '11'.repeat(32)

describe('the chain that an audit compares with', () => {
  let asked: ChainOptions[]
  let closed: number
  beforeEach(() => {
    asked = []
    closed = 0
  })

  /** Whatever is asked for has this genesis; null: it is away. */
  const audited = (
    given: ConstructorParameters<typeof AuditedChain>[0],
    genesisHash: string | null,
  ) =>
    new AuditedChain(given, async (options) => {
      asked.push(options)
      if (genesisHash === null) throw new ChainError('chain_unreachable', 'nobody answers')
      const close = async () => {
        closed += 1
      }
      return { genesisHash, close } as Partial<Chain> as Chain
    })

  it('is the public network with the record’s genesis, asked once', async () => {
    for (const [genesis, name] of [
      [FINNEY, 'finney'],
      [TEST, 'test'],
    ] as const) {
      const chain = audited('by_genesis', genesis)
      assert.equal(chain.name, null)
      assert.equal((await chain.of(genesis))?.genesisHash, genesis)
      await chain.of(genesis)
      assert.equal(chain.name, name)
      assert.deepEqual(asked.splice(0), [{ network: name, endpoint: undefined }])
      await chain.close()
    }
    assert.equal(closed, 2)
  })

  it('is a local one for another genesis, if it has it; else it has to be named', async () => {
    const local = audited('by_genesis', MINE)
    assert.ok(await local.of(MINE))
    assert.equal(local.name, 'local')
    for (const other of ['22'.repeat(32), null]) {
      const chain = audited('by_genesis', other)
      await assert.rejects(chain.of(MINE), (error: Error & { code: string; hint: string }) => {
        assert.equal(error.code, 'chain_unknown')
        assert.match(error.hint, /--subtensor\.chain_endpoint http:\/\/HOST:PORT/)
        return true
      })
      assert.equal(chain.name, null)
    }
    assert.equal(closed, 1, 'the one with another genesis')
    await assert.rejects(audited('by_genesis', null).of(FINNEY), { code: 'chain_unreachable' })
  })

  it('is the named one, whatever a record says; or none', async () => {
    const named = { network: 'archive', endpoint: 'wss://node.example' }
    const chain = audited(named, FINNEY)
    await chain.connectNamed()
    assert.equal((await chain.of(MINE))?.genesisHash, FINNEY)
    assert.equal(chain.name, 'archive')
    assert.deepEqual(asked, [named])
    assert.equal(await audited(null, FINNEY).of(MINE), null)
    await assert.rejects(audited(named, null).connectNamed(), { code: 'chain_unreachable' })
  })
})
