/** What a key may do: create videos, read its videos, administer the network. */
export const API_SCOPES = ['generate', 'read', 'admin'] as const
export type Scope = (typeof API_SCOPES)[number]
