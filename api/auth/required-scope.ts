import type { Scope } from '../../base/auth/api-scopes.js'

/** `network`: everybody, unless the network's pages are closed (then keys with `read`). */
export type Access = 'everybody' | 'network' | Scope
