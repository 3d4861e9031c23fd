import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** The compiler that a second process registers; not all that load this file have import.meta.resolve. */
export function tsxUrl(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
}
