import { useSubtensor } from '../../support/subtensor.js'
import { describeCommitRevealContract } from '../commit-reveal-contract.js'
import { describeChainContract } from '../contract.js'
import { makeSubtensorHarness } from './harness.js'

// A chain for each: the runtime's blocks take the longer the more subnets there are.
describe("the adapter on Subtensor's own runtime", () => {
  const dev = useSubtensor()
  describeChainContract('Subtensor', () => makeSubtensorHarness(dev()))
})

describe("the adapter on Subtensor's own runtime, weights hidden first", () => {
  const dev = useSubtensor()
  describeCommitRevealContract('Subtensor', () => makeSubtensorHarness(dev()))
})
