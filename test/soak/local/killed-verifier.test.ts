import { OPEN, REVEALED, TIMELOCKED } from '../killed/deaths.js'
import { describeKilledVerifier } from '../killed/killed-verifier.js'
import { useLocalChain } from '../killed/local-chain.js'

describeKilledVerifier(
  'whole intervals on the local chain, the verifier killed between each two steps',
  useLocalChain,
  { open: OPEN, commitReveal: REVEALED, timelocked: TIMELOCKED },
)
