import { describeCommitRevealContract } from './commit-reveal-contract.js'
import { describeChainContract } from './contract.js'
import { makeLocalHarness } from './local-harness.js'

describeChainContract('local chain', () => makeLocalHarness())
describeChainContract('local chain that finalizes at once and allows loopback', () =>
  makeLocalHarness({ finalityLag: 0, allowLoopback: true }),
)
// Each step reads its inclusion, and the windows are a few blocks: finality must not use them up.
describeCommitRevealContract('local chain', () => makeLocalHarness({ finalityLag: 0 }))
