import type { CommittedWeights } from '../../chain/commit-hash.js'

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'
const SEVENTY = Array.from({ length: 70 }, (_, i) => i)

/** Hashes by polkadot.js' `TypeRegistry` 16.5.6 over the tuple of types that Subtensor hashes. */
export const COMMIT_CASES: readonly { weights: CommittedWeights; bytes: number; hash: string }[] = [
  {
    weights: {
      hotkey: ALICE,
      netuid: 1,
      uids: [2, 3, 4],
      values: [100, 200, 150],
      salt: [1, 2, 3, 4, 5, 6, 7, 8],
      versionKey: 0,
    },
    bytes: 73,
    hash: 'c8f90fbc34d7c987eb75a1fd3da855e61d427c7fd1969d09f1354d0c66ff657d',
  },
  {
    // Lengths of two bytes, a version key above 2^32.
    weights: {
      hotkey: ALICE,
      netuid: 4242,
      uids: SEVENTY,
      values: SEVENTY.map((i) => 65535 - i),
      salt: [65535, 0],
      versionKey: 4294967297,
    },
    bytes: 331,
    hash: 'f3660dfa3463cd03a414ead77a077cf0905c381c59504699c1a46a8f41bdca6b',
  },
]
