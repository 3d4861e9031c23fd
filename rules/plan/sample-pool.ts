/** A prover at the start of a round. */
interface Found {
  readonly hotkey: string
  /** How many more requests it takes. */
  readonly room: number
}

/**
 * The provers that a sample leaves out: those without room and, unless that leaves nobody, those that would
 * get no user's request at this moment. Otherwise a request that arrives while a prover is busy, has just
 * finished or has just refused would most likely be a check.
 * @param among the hotkeys among which the router would draw for a user
 */
export function leftOut(provers: readonly Found[], among: readonly string[]): string[] {
  const routable = new Set(among)
  const open = provers.filter(({ room }) => room > 0)
  const asUsers = open.filter(({ hotkey }) => routable.has(hotkey))
  const pool = new Set((asUsers.length === 0 ? open : asUsers).map(({ hotkey }) => hotkey))
  return provers.flatMap(({ hotkey }) => (pool.has(hotkey) ? [] : [hotkey]))
}
