/**
 * Whether this is JavaScript that `npm run build` compiled. If not, tsx compiles TypeScript while it
 * loads, and so has whatever is started by the path of a file: a thread, a second process.
 */
export const isCompiled = new URL(import.meta.url).pathname.endsWith('.js')
