import type { Subscriptions } from './subscriptions.js'

export type Method = (params: readonly unknown[], subscriptions: Subscriptions) => unknown
export type Methods = Readonly<Record<string, Method>>
