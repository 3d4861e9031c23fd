import { describeKilledVerifier } from './killed-verifier.js'

describeKilledVerifier(
  "whole intervals on Subtensor's runtime, the verifier killed between each two steps",
  {
    open: ['stored set', 'before sending', 'after sending', 'ended set', 'confirmed'],
    commitReveal: [
      'stored commit',
      'before sending',
      'after sending',
      'ended commit',
      'stored reveal',
      'before sending',
      'after sending',
      'ended reveal',
      'confirmed',
    ],
  },
)
