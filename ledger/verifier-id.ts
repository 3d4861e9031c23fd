/** The owner of rows: a verifier is identified by its hotkey on a subnet. */
export interface VerifierId {
  netuid: number
  /** The verifier's hotkey, ss58. */
  verifier: string
}
