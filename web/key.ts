/**
 * The API key. It is pasted once, or given as `#key=` in the address (which servers never see), and kept for
 * this tab, or on this device if its owner says so.
 */
const NAME = 'fractal.key'

const listeners = new Set<() => void>()

/** If storage is blocked, the key lives only as long as the page. */
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

/** Whether the key is kept beyond this tab. */
export function isKeyKept(): boolean {
  return stores()[1]?.getItem(NAME) != null
}

/** Sets the key; null forgets it everywhere. @param keep on this device, beyond the tab */
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

/**
 * Reads the key from the address and removes it at once: it must not stay in the address bar, the history or
 * a copied link.
 */
export function takeKeyFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given === null) return
  history.replaceState(null, '', location.pathname + location.search)
  if (given !== '') setApiKey(given, isKeyKept())
}
