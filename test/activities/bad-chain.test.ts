import assert from 'node:assert/strict'
import { createCloseInterval } from '../../activities/interval/close-interval.js'
import { createOpenInterval } from '../../activities/interval/open-interval.js'
import { createSettleInterval } from '../../activities/interval/settle-interval.js'
import { withTypedFailures } from '../../activities/shared/typed-failures.js'
import type { VerifierDeps } from '../../activities/verifier-deps.js'
import { createSetWeights } from '../../activities/weights/set-weights.js'
import type { AxonAddress, Chain, Metagraph, Neuron } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { useDatabase } from '../support/postgres.js'
import { type Behaviour, IntervalSite } from './interval/interval-site.js'
import { chainWith, makeVerifier, run, useChain } from './verifier-site.js'
import { decide, setWeights, standing } from './weights/scene.js'

describe('activities: a chain that is not as it should be', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite | undefined

  afterEach(() => site?.close())

  async function open(...behaviours: Behaviour[]): Promise<VerifierDeps> {
    site = await IntervalSite.open(chain(), database().db, behaviours)
    return site.verifier.deps
  }

  /** The chain with each neuron as `changed` leaves it; null takes it away. */
  function neurons(
    { chain }: Pick<VerifierDeps, 'chain'>,
    changed: (neuron: Neuron) => Neuron | null,
  ): Chain {
    const metagraph = async (...given: Parameters<Chain['metagraph']>): Promise<Metagraph> => {
      const read = await chain.metagraph(...given)
      return { ...read, neurons: read.neurons.flatMap((each) => changed(each) ?? []) }
    }
    return chainWith(chain, { metagraph })
  }

  async function settled(deps: VerifierDeps): Promise<string> {
    await site!.ask(1)
    await run(createCloseInterval(deps), { n: 1 })
    await site!.judge(1, true)
    await run(createSettleInterval(deps), { n: 1 })
    return (await run(createSetWeights(deps), { n: 1 })).line
  }

  it('without one prover: the interval settles, and no weights are set', async () => {
    const deps = await open()
    const { n } = await site!.next(0)
    const opened = await run(createOpenInterval(deps), { n })
    assert.deepEqual([opened.final, opened.provers, opened.reachable], [null, 0, 0])
    assert.equal(await settled(deps), 'none: all_scores_zero')
  })

  it('with addresses that nobody may ask: each says why, and the interval settles', async () => {
    const deps = await open('away', 'away', 'away', 'away', 'away', 'away')
    const addresses = [
      '10.0.0.1',
      '::1',
      'fd00::1',
      '::ffff:192.168.0.1',
      '203.0.113.9',
      '203.0.113.9',
    ]
    const axon = (uid: number): AxonAddress | null =>
      uid === 0 ? null : { ip: addresses[uid - 1]!, port: 1 }
    const changed = {
      ...deps,
      allowPrivateAddresses: false,
      chain: neurons(deps, (neuron) => ({ ...neuron, axon: axon(neuron.uid) })),
    }
    const { n } = await site!.next(0)
    const opened = await run(createOpenInterval(changed), { n })
    assert.deepEqual([opened.provers, opened.reachable], [6, 0])
    const rows = await intervalProvers(deps.db, deps.id, 1)
    assert.deepEqual(
      rows.map(({ unreachableReason }) => unreachableReason),
      ['private', 'loopback', 'uniqueLocal', 'private', 'reserved', 'reserved'].map(
        (kind) => `axon address refused: it is ${kind}, not a public address`,
      ),
    )
    assert.equal(await settled(changed), 'none: all_scores_zero')
  })

  it('one address of two hotkeys serves the one that answers there', async () => {
    const deps = await open('honest', 'away')
    const { neurons: all } = await deps.chain.metagraph(deps.id.netuid)
    const { axon } = all[1]!
    const changed = neurons(deps, (neuron) => (neuron.uid === 0 ? neuron : { ...neuron, axon }))
    const { n } = await site!.next(0)
    await run(createOpenInterval({ ...deps, chain: changed }), { n })
    const rows = await intervalProvers(deps.db, deps.id, 1)
    assert.deepEqual(
      rows.map(({ uid, reachable, unreachableReason }) => [uid, reachable, unreachableReason]),
      [
        [1, true, null],
        [2, false, 'answers for another hotkey'],
      ],
    )
  })

  describe('between the plan and the weights fails by name, and succeeds once that is over', () => {
    const gone = () => {
      throw new ChainError('SubNetworkDoesNotExist', 'there is no subnet 7')
    }
    const silent = () => {
      throw new ChainError('chain_timeout', 'the chain did not answer', { retryable: true })
    }
    const mine = (deps: VerifierDeps) => (neuron: Neuron) => neuron.hotkey === deps.id.verifier
    const cases: [what: string, code: string, nonRetryable: boolean, (d: VerifierDeps) => Chain][] =
      [
        [
          'the hotkey is deregistered',
          'HotKeyNotRegisteredInSubNet',
          true,
          (deps) => neurons(deps, (neuron) => (mine(deps)(neuron) ? null : neuron)),
        ],
        [
          'the permit is lost',
          'NeuronNoValidatorPermit',
          true,
          (deps) =>
            neurons(deps, (neuron) =>
              mine(deps)(neuron) ? { ...neuron, validatorPermit: false } : neuron,
            ),
        ],
        [
          'the subnet is gone',
          'SubNetworkDoesNotExist',
          true,
          (deps) => chainWith(deps.chain, { subnetParams: gone }),
        ],
        [
          'the chain does not answer',
          'chain_timeout',
          false,
          (deps) => chainWith(deps.chain, { subnetParams: silent }),
        ],
        [
          'the endpoint becomes another chain',
          'genesis_changed',
          true,
          (deps) =>
            chainWith(deps.chain, {
              subnetParams: () => {
                throw new ChainError('genesis_changed', 'another chain')
              },
            }),
        ],
      ]
    for (const [what, type, nonRetryable, changed] of cases) {
      it(what, async () => {
        const it = await makeVerifier(chain(), database().db)
        await decide(it, 1, [400, 200, 100])
        const broken = createSetWeights({ ...it.deps, chain: changed(it.deps) })
        await assert.rejects(run(withTypedFailures(broken), { n: 1 }), {
          name: 'ApplicationFailure',
          type,
          nonRetryable,
        })
        assert.deepEqual((await standing(it, 1)).results, [])
        assert.match((await setWeights(it, 1)).line, /^set in block \d+ for 3 provers$/)
      })
    }

    it('the permit is lost in the block of the weights', async () => {
      const it = await makeVerifier(chain(), database().db)
      await decide(it, 1, [400, 200, 100])
      const permit = (has: boolean) => it.harness.setPermit(it.netuid, it.signer.ss58, has)
      const submit: Chain['submit'] = async (prepared) => {
        await permit(false)
        await it.deps.chain.submit(prepared)
      }
      const deps = { chain: chainWith(it.deps.chain, { submit }) }
      await assert.rejects(setWeights(it, 1, { deps }), { code: 'NeuronNoValidatorPermit' })
      assert.deepEqual((await standing(it, 1)).results, ['NeuronNoValidatorPermit'])
      await permit(true)
      assert.match((await setWeights(it, 1)).line, /^set in block \d+ for 3 provers$/)
      assert.deepEqual((await standing(it, 1)).results, ['NeuronNoValidatorPermit', 'ok'])
    })
  })
})
