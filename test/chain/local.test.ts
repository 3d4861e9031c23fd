import { describeChainContract } from './contract.js'
import { makeLocalHarness } from './local-harness.js'

describeChainContract('local chain', () => makeLocalHarness())
describeChainContract('local chain that finalizes at once and allows loopback', () =>
  makeLocalHarness({ finalityLag: 0, allowLoopback: true }),
)
