import { fileURLToPath } from 'node:url'

/** The embedded model: small, trained by this project, coloured shapes that move. */
export function defaultModelDir(): string {
  return fileURLToPath(new URL('./trained/model', import.meta.url))
}
