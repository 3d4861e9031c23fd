/**
 * The API key. It comes pasted once, or as `#key=` in the address (which servers never see), and stays
 * for this tab, or on this device when its owner says so.
 */
const NAME = 'fractal.key'

const listeners = new Set<() => void>()

/** Storage can be closed to pages: then a key lives as long as the page. */
let unstored: string | null = null

function stores(): Storage[] {
  try {
    return [sessionStorage, localStorage]
  } catch {
    return []
  }
}

/** The key, or null. */
export function apiKey(): string | null {
  for (const store of stores()) {
    const key = store.getItem(NAME)
    if (key !== null) return key
  }
  return unstored
}

/** Whether the key outlives the tab. */
export function isKeyKept(): boolean {
  return stores()[1]?.getItem(NAME) != null
}

/** Takes a key; null forgets it, everywhere. @param keep on this device, beyond the tab */
export function setApiKey(key: string | null, keep = false): void {
  const [session, local] = stores()
  unstored = key
  for (const store of stores()) store.removeItem(NAME)
  if (key !== null) (keep ? local : session)?.setItem(NAME, key)
  for (const tell of listeners) tell()
}

/** `fk_…9f3a`: enough to know which one it is. */
export function maskedKey(key: string): string {
  return key.length < 12 ? '••••' : `${key.slice(0, 3)}…${key.slice(-4)}`
}

export function onKeyChange(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}

/** Takes the key out of the address, at once: it must not stay in the bar, the history or a copied link. */
export function takeKeyFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given === null) return
  history.replaceState(null, '', location.pathname + location.search)
  if (given !== '') setApiKey(given, isKeyKept())
}
