import { useSubtensor } from '../../support/subtensor.js'
import { describeChainContract } from '../contract.js'
import { makeSubtensorHarness } from './harness.js'

// The contract of weights that are hidden first takes minutes there: test/soak/subtensor/commit-reveal.test.ts.
describe("the adapter on Subtensor's own runtime", function () {
  // Blocks of the real runtime take 0.1 s and, on a busy machine, many times that.
  this.timeout(300_000)
  const dev = useSubtensor()
  describeChainContract('Subtensor', () => makeSubtensorHarness(dev()))
})
