import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** The compiler that a child process registers. Not every loader of this file has import.meta.resolve. */
export function tsxUrl(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
}
