import { describeChainContract } from '../../chain/contract.js'
import { makeSubtensorHarness } from '../../chain/subtensor/harness.js'
import { useSubtensor } from '../../support/subtensor.js'

describe("the adapter on Subtensor's own runtime", function () {
  // Blocks of the real runtime take 0.1 s and, on a busy machine, many times that.
  this.timeout(300_000)
  const dev = useSubtensor()
  describeChainContract('Subtensor', () => makeSubtensorHarness(dev()))
})
