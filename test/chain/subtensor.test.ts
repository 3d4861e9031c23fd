import { useSubtensor } from '../support/subtensor.js'
import { describeCommitRevealContract } from './commit-reveal-contract.js'
import { describeChainContract } from './contract.js'
import { makeSubtensorHarness } from './subtensor-harness.js'

describe("the adapter on Subtensor's own runtime", () => {
  const dev = useSubtensor()

  describeChainContract('Subtensor', () => makeSubtensorHarness(dev()))
  describeCommitRevealContract('Subtensor', () => makeSubtensorHarness(dev()))
})
