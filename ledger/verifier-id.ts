/** Whose rows: a verifier is its hotkey on a subnet. */
export interface VerifierId {
  netuid: number
  /** The verifier's hotkey, ss58. */
  verifier: string
}

/** A prover's standing belongs to one registration: a hotkey that registers again starts anew. */
export interface ProverKey {
  hotkey: string
  registeredBlock: number
}
