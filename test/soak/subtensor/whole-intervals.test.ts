import { describeKilledVerifier } from './killed-verifier.js'

// Where the most can go wrong; killed-verifier.test.ts kills it between each two steps.
describeKilledVerifier("whole intervals on Subtensor's runtime, the verifier killed", {
  open: ['stored set', 'after sending'],
  commitReveal: ['stored commit', 'after sending', 'ended reveal'],
})
