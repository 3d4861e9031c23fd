import assert from 'node:assert/strict'
import { checkRuntime } from '../../../chain/subtensor/check/check-runtime.js'
import { MadeNode } from './made-node.js'
import { MadeRuntime, type MadeRuntimeOptions } from './made-runtime.js'
import { NETUID, putSubnet, strangerOf } from './made-subnet.js'

const NEWEST = { timelocked: true, mechanisms: true }
const HOTKEYS = [strangerOf(0), strangerOf(1), strangerOf(2)]

describe('what a runtime offers, as an operator asks', () => {
  const held: MadeNode[] = []
  afterEach(async () => {
    for (const node of held.splice(0)) await node.close()
  })

  async function site(options: MadeRuntimeOptions, subnet = {}) {
    const runtime = new MadeRuntime(options)
    putSubnet(runtime, { hotkeys: HOTKEYS, ...subnet })
    runtime.put('timestamp', 'now', [], Date.now())
    const node = await MadeNode.start(runtime)
    held.push(node)
    const check = async (mechanism = 0) => {
      const findings = await checkRuntime(node.url, { netuid: NETUID, mechanism })
      const of = (is: string) => findings.filter((each) => each.is === is).map(({ what }) => what)
      return { ok: of('ok'), missing: of('missing'), other: of('-') }
    }
    return { runtime, node, check }
  }

  const has = (lines: readonly string[], line: string) =>
    assert.ok(lines.includes(line), `${line} among\n${lines.join('\n')}`)

  it('of the newest metadata: the subnet, the way its weights would go, and that what is signed so is read', async () => {
    const { check } = await site(NEWEST)
    const { ok, missing } = await check()
    assert.deepEqual(missing, [])
    has(ok, 'runtime made-subtensor 425, transactions 1, metadata 15')
    has(
      ok,
      'subnet 7: 3 neurons, 3 with a permit; tempo 50, next epoch in block 140; weights every 0 blocks, of version 0 or later; commit-reveal on',
    )
    has(ok, 'subnet 7: weights would go by commitTimelockedWeights, which the chain reveals')
    has(
      ok,
      'call timelocked weights: commitTimelockedWeights(netuid,commit,revealRound,commitRevealVersion)',
    )
    has(
      ok,
      'a signed commitTimelockedWeights, unsent: read, and refused as a stranger’s is (code 10, HotKeyNotRegisteredInNetwork)',
    )
  })

  it('of another mechanism: its own calls', async () => {
    const { check } = await site(NEWEST, { mechanisms: 2 })
    const { ok } = await check(1)
    has(
      ok,
      'subnet 7, mechanism 1: weights would go by commitTimelockedMechanismWeights, which the chain reveals',
    )
    const { missing } = await check(2)
    assert.deepEqual(missing, [
      'subnet 7, mechanism 2: subnet 7 has no mechanism 2: it has 2 (Check --neuron.mechanism and --netuid.)',
    ])
  })

  it('of the other two ways', async () => {
    const older = { timelocked: false, mechanisms: false }
    const hidden = await (await site(older)).check()
    has(hidden.ok, 'subnet 7: weights would go by commitWeights, then revealWeights')
    has(hidden.other, 'call timelocked weights: none')
    const open = await (await site(older, { commitReveal: false })).check()
    has(open.ok, 'subnet 7: weights would go by setWeights')
  })

  it('names a subnet that is not there, and a node that is stuck', async () => {
    const { runtime, check } = await site(NEWEST)
    runtime.put('subtensorModule', 'networksAdded', [NETUID], false)
    runtime.put('timestamp', 'now', [], Date.now() - 600_000)
    const { missing } = await check()
    assert.equal(missing.length, 2)
    assert.match(
      missing[0]!,
      /^a newer block: block 100, made 60\d s ago by this machine’s clock; the last final one is 100: the node is stuck/,
    )
    assert.equal(
      missing[1],
      'subnet 7: there is no subnet 7 (Check --netuid and --subtensor.network.)',
    )
  })
})
