import { OPEN, REVEALED } from '../killed/deaths.js'
import { describeKilledVerifier } from '../killed/killed-verifier.js'
import { useSubtensorChain } from '../killed/subtensor-chain.js'

describeKilledVerifier(
  "whole intervals on Subtensor's runtime, the verifier killed between each two steps",
  useSubtensorChain,
  { open: OPEN, commitReveal: REVEALED },
)
