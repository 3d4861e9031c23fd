/**
 * Whether this is JavaScript compiled by `npm run build`. If not, tsx compiles TypeScript as it loads, and
 * anything started by file path (a thread, a child process) needs tsx too.
 */
export const isCompiled = new URL(import.meta.url).pathname.endsWith('.js')
