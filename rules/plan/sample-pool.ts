/** A prover at the moment of a round. */
interface Found {
  readonly hotkey: string
  /** Requests that it takes besides those in flight. */
  readonly room: number
}

/**
 * Whom a sample is not drawn from: those without room, and, unless that leaves nobody, those to whom no user's request
 * would go at this moment. Else what comes while a prover is at work, has just ended something or has refused
 * something would be a check more often than not.
 * @param among the hotkeys among whom the router would draw for a user
 */
export function leftOut(provers: readonly Found[], among: readonly string[]): string[] {
  const routable = new Set(among)
  const open = provers.filter(({ room }) => room > 0)
  const asUsers = open.filter(({ hotkey }) => routable.has(hotkey))
  const pool = new Set((asUsers.length === 0 ? open : asUsers).map(({ hotkey }) => hotkey))
  return provers.flatMap(({ hotkey }) => (pool.has(hotkey) ? [] : [hotkey]))
}
