/** What a key may do: make videos, look at its videos, act on the network. */
export type Scope = 'generate' | 'read' | 'admin'

/** `network`: everybody, unless the network's pages are closed (then keys with `read`). */
export type Access = 'everybody' | 'network' | Scope
