import { describeKilledVerifier } from '../killed/killed-verifier.js'
import { useSubtensorChain } from '../killed/subtensor-chain.js'

// Where the most can go wrong; killed-verifier.test.ts kills it between each two steps.
describeKilledVerifier(
  "whole intervals on Subtensor's runtime, the verifier killed",
  useSubtensorChain,
  {
    open: ['stored set', 'after sending'],
    commitReveal: ['stored commit', 'after sending', 'ended reveal'],
  },
)
