import { useSubtensor } from '../support/subtensor.js'
import { describeCommitRevealContract } from './commit-reveal-contract.js'
import { describeChainContract } from './contract.js'
import { makeSubtensorHarness } from './subtensor-harness.js'

describe("the adapter on Subtensor's own runtime", function () {
  // Hundreds of blocks of the real runtime, of 0.1 s and, on a busy machine, several times that.
  this.timeout(300_000)
  const dev = useSubtensor()

  describeChainContract('Subtensor', () => makeSubtensorHarness(dev()))
  describeCommitRevealContract('Subtensor', () => makeSubtensorHarness(dev()))
})
