/** What a key may do: make videos, look at its videos, act on the network. */
export const API_SCOPES = ['generate', 'read', 'admin'] as const
export type Scope = (typeof API_SCOPES)[number]
