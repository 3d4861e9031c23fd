import assert from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import { sr25519Ready } from '../../../base/sr25519.js'
import { type AdminCall, adminCall } from '../../../chain/local/admin-call.js'
import { applyAdmin } from '../../../dev/localnet/apply-admin.js'
import { type BlockBody, History } from '../../../dev/localnet/history.js'
import { EMPTY_STATE } from '../../../dev/localnet/state.js'
import { loadHistory, saveHistory } from '../../../dev/localnet/state-file.js'
import { testSigner } from '../../chain/keys.js'
import { withFolder } from '../../chain/local-harness.js'

const GENESIS = 'ab'.repeat(32)
const RETENTION = { states: 6, blocks: 9 }

const netuid = fc.integer({ min: 1, max: 2 })
const name = fc.constantFrom('a', 'b', 'c')
const key = (who: string) => testSigner(who).ss58
const operation: fc.Arbitrary<AdminCall> = fc.oneof(
  fc.record({
    name: fc.constant('createSubnet' as const),
    netuid,
    params: fc.constant({ maxUids: 2, immunityPeriod: 1 }),
  }),
  fc.record({
    name: fc.constant('setParams' as const),
    netuid,
    params: fc.record({ tempo: fc.integer({ min: 1, max: 9 }) }),
  }),
  fc.record({
    name: fc.constant('register' as const),
    netuid,
    hotkey: name.map(key),
    coldkey: fc.constant('x').map(key),
  }),
  fc.record({
    name: fc.constant('setStake' as const),
    netuid,
    hotkey: name.map(key),
    stakeRao: fc.nat(99).map(String),
  }),
)
const block = fc.record({
  operations: fc.array(operation, { maxLength: 3 }),
  nonce: fc.option(fc.nat(5), { nil: null }),
  results: fc.array(fc.constantFrom(null, 'SettingWeightsTooFast'), { maxLength: 2 }),
})

describe('local chain file', () => {
  before(sr25519Ready)

  it('gives back every block and state that is kept, and lets the chain go on alike', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'chain.json')
      fc.assert(
        fc.property(fc.array(block, { maxLength: 25 }), (blocks) => {
          let state = EMPTY_STATE
          const history = new History(
            { number: 0, hash: GENESIS },
            [],
            [{ since: 0, state }],
            RETENTION,
          )
          const states = [state]
          const hashes: string[] = []
          for (const { operations, nonce, results } of blocks) {
            for (const operation of operations) {
              const done = applyAdmin(state, adminCall.parse(operation), history.head.number + 1)
              if ('state' in done) state = done.state
            }
            if (nonce !== null) state = { ...state, nonces: { ...state.nonces, [key('a')]: nonce } }
            const body = results.map((error): BlockBody[number] => {
              hashes.push(hashes.length.toString(16).padStart(64, '0'))
              return [hashes.at(-1)!, error]
            })
            history.append(state, body)
            states.push(state)
          }
          saveHistory(path, GENESIS, history)
          const loaded = loadHistory(path, RETENTION)!
          assert.equal(loaded.genesisHash, GENESIS)
          assert.deepEqual(loaded.history.head, history.head)
          assert.deepEqual(loaded.history.first, history.first)
          const { number: head } = history.head
          for (let n = Math.max(0, head - RETENTION.states + 1); n <= head; n++) {
            const at = history.blockAt(n)
            assert.deepEqual(loaded.history.stateAt(at), states[n], `block ${n}`)
          }
          for (let n = history.first.number; n <= head; n++) {
            assert.deepEqual(loaded.history.blockAt(n), history.blockAt(n))
          }
          for (const hash of hashes) {
            assert.deepEqual(loaded.history.inclusion(hash), history.inclusion(hash))
          }
          history.append(state, [])
          loaded.history.append(loaded.history.state, [])
          assert.deepEqual(loaded.history.head, history.head)
        }),
        { seed: 3, numRuns: 60 },
      )
    }))

  it('finds no file', () =>
    withFolder(async (folder) => {
      assert.equal(loadHistory(join(folder, 'none.json'), RETENTION), null)
    }))
})
