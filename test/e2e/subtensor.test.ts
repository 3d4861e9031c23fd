import { describeKilledVerifier } from './killed-verifier.js'

// Where the most can go wrong; test/soak/killed-verifier.test.ts kills it between each two steps.
describeKilledVerifier("whole intervals on Subtensor's runtime, the verifier killed", {
  open: ['after sending'],
  commitReveal: ['after sending', 'stored reveal'],
})
